"""Gunicorn's settings in the demo: `gunicorn -c python:opssight.runtime.gunicorn_conf`."""

import os
import signal
from typing import Any

from opssight.runtime.children import die_with_parent

wsgi_app = "opssight.wsgi:application"
bind = os.environ.get("OPSSIGHT_BIND", "127.0.0.1:8000")
workers = 2
threads = 4
preload_app = True  # one import of Django instead of three
timeout = 120
limit_request_line = 8190  # lists take many filters
graceful_timeout = 3
# no HTTP proxy is in front of the demo, and none may claim to be
forwarded_allow_ips = ""
control_socket_disable = True
# requests are logged by opssight.core.logs, without their queries
accesslog = None


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the master, so that a killed master leaves none."""
    die_with_parent(worker.ppid, signal.SIGKILL)
