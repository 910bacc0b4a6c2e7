from datetime import datetime

from django.db import transaction

from anomalies.models import Anomaly
from anomalies.services.events import tell_closed
from maintenance.models import Verdict
from opssight.accounts.models import User


class AnomalyClosed(Exception):
    """Somebody dealt with the anomaly before."""


@transaction.atomic
def review(*, anomaly: Anomaly, verdict: Verdict, by: User, at: datetime) -> Anomaly:
    """Close the anomaly with what a person found. Raises AnomalyClosed.

    Its recommendation stays as it is: whoever decides about work decides about that.
    """
    locked = (
        Anomaly.objects.select_for_update(of=("self",))
        .select_related("sensor__asset")
        .get(pk=anomaly.pk)
    )
    if locked.closed_at is not None:
        raise AnomalyClosed
    locked.verdict, locked.closed_at, locked.closed_by = verdict, at, by
    locked.save(update_fields=["verdict", "closed_at", "closed_by"])
    tell_closed(locked, at=at)
    return locked
