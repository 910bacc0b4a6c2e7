"""Which anomalies still need attention."""

import pytest

from anomalies.models import Anomaly
from tests.factories import NOON, AnomalyFactory, RecommendationFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("ended", "asks_for_work", "closed", "active"),
    [
        (False, False, False, True),
        (True, True, False, True),
        (True, False, False, False),
        (False, True, True, False),
    ],
)
def test_active_is_what_goes_on_or_asks_for_work_until_a_person_closes_it(
    *, ended: bool, asks_for_work: bool, closed: bool, active: bool
) -> None:
    recommendation = RecommendationFactory.create() if asks_for_work else None
    owner = {"asset": recommendation.asset} if recommendation else {}
    anomaly = AnomalyFactory.create(
        **owner,
        recommendation=recommendation,
        ended_at=NOON if ended else None,
        closed_at=NOON if closed else None,
    )

    assert anomaly.is_active == active
    assert Anomaly.objects.active().exists() == active
    assert Anomaly.objects.inactive().exists() != active
