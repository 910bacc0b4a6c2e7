"""A worker is killed at each point around its transaction: the next one comes to the same."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection

from anomalies import services
from anomalies.models import Anomaly, AnomalyScore, DetectorState
from anomalies.services import scoring
from maintenance.models import Recommendation
from tests.anomalies.signals import STEP, sensor_with, with_fault
from tests.factories import NOON

COUNT = 1600
AT = NOON + COUNT * STEP
PORTION = 700

KILLED = """
import os, signal, sys
import django; django.setup()
from datetime import datetime
from django.db import connections
from anomalies.services import scoring
from opssight.core.database_role import as_owner

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(honest):
    def act(*given):
        honest(*given)
        die()
    return act

point, rounds, sensor, at = sys.argv[1:]
wrapper, honest, left = connections["default"], scoring._score_once, int(rounds)
points = {
    "before anything is written": (scoring, "save_anomalies", die),
    "with anomalies written": (scoring.scores, "keep", die),
    "with states written": (scoring.saved, "keep", then_die(scoring.saved.keep)),
    "before the commit": (wrapper, "commit", die),
    "after the commit": (wrapper, "commit", then_die(wrapper.commit)),
}

def score_once(*given):
    global left
    left -= 1
    if left < 0:
        setattr(*points[point])
    return honest(*given)

scoring._score_once = score_once
scoring.READINGS_PER_TRANSACTION = scoring.FEWEST_READINGS = %d
with as_owner():
    scoring.score_sensors(sensor_ids=[int(sensor)], at=datetime.fromisoformat(at))
"""


def facts(sensor: int) -> dict[str, Any]:
    state = DetectorState.objects.get(sensor=sensor)
    scores = AnomalyScore.objects.filter(sensor=sensor).order_by("time")
    fields = ("started_at", "ended_at", "peak_value", "score", "severity")
    return {
        "anomalies": list(Anomaly.objects.filter(sensor=sensor).values_list(*fields)),
        "advice": Recommendation.objects.filter(anomalies__sensor=sensor).count(),
        "scores": list(scores.values_list("time", "score", "expected")),
        "state": (state.watermark, state.learned, state.open_event),
    }


@pytest.mark.kill
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [0, 1])
@pytest.mark.parametrize(
    "point",
    [
        "before anything is written",
        "with anomalies written",
        "with states written",
        "before the commit",
        "after the commit",
    ],
)
def test_a_worker_killed_there_repeats_and_skips_nothing(
    point: str, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = with_fault(COUNT, first=650, last=1590)
    calm, killed = sensor_with(values), sensor_with(values)
    monkeypatch.setattr(scoring, "READINGS_PER_TRANSACTION", PORTION)
    monkeypatch.setattr(scoring, "FEWEST_READINGS", PORTION)
    services.score_sensors(sensor_ids=[calm.pk], at=AT)
    expected = facts(calm.pk)
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].replace("/opssight?", f"/{name}?")

    done = subprocess.run(
        [sys.executable, "-c", KILLED % PORTION, point, str(rounds), str(killed.pk), str(AT)],
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "opssight.settings"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    services.score_sensors(sensor_ids=[killed.pk], at=AT)

    assert expected["anomalies"]
    assert facts(killed.pk) == expected
