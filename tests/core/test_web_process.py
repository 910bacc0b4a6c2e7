import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "sklearn", "scipy.optimize", "scipy.stats")
WEB = f"""
import sys
import opssight.wsgi
from django.contrib import admin
from django.urls import get_resolver

get_resolver()._populate()
admin.autodiscover()
import anomalies.tasks, forecasts.tasks, maintenance.tasks, telemetry.tasks
print([name for name in {HEAVY!r} if name in sys.modules])
"""


@pytest.mark.crawl
def test_the_web_process_imports_no_compiler_and_no_learning() -> None:
    """They cost memory and seconds in each process, and only workers need them."""
    done = subprocess.run(
        [sys.executable, "-c", WEB], check=True, stdout=subprocess.PIPE, text=True
    )

    assert done.stdout.strip() == "[]"
