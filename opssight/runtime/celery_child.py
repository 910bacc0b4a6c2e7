"""`python -m opssight.runtime.celery_child worker …`: Celery whose pool dies with it."""

import os
import signal
import sys
from typing import Any

from celery.signals import worker_process_init

from opssight.celery import app
from opssight.runtime.children import die_with_parent


@worker_process_init.connect
def tie_to_parent(**_: Any) -> None:
    """Tie each process of the pool to the worker, so that a killed worker leaves none."""
    die_with_parent(os.getppid(), signal.SIGKILL)


if __name__ == "__main__":
    app.start(sys.argv[1:])
