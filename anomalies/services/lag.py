"""Since when readings wait for scoring."""

from datetime import datetime

from anomalies.models import DetectorState
from anomalies.queries.lag import PATIENCE, WAITING


def note_waiting(organization_id: int, at: datetime) -> int:
    """Remember since when sensors wait that nobody has looked at for a while; returns how many."""
    rows = DetectorState.objects.filter(
        WAITING, organization=organization_id, waiting_since=None, updated_at__lt=at - PATIENCE / 2
    )
    found: int = rows.update(waiting_since=at)
    return found
