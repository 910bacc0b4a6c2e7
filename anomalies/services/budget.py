"""At most so many alarms a week of a sensor: what comes beyond is kept, and asks for nothing."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from anomalies.models import Anomaly, SensorWatch

WEEK = timedelta(weeks=1)
SENTENCE = "The sensor has raised as many alarms this week as it may: this one asks for no work."


def beyond(starts: Iterable[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    """Those of new anomalies (sensor id and start) that are too many.

    Of the week before each; what is laid to work does not count. One query where no sensor has a
    budget, else two.
    """
    new = sorted(set(starts), key=lambda one: (one[1], one[0]))
    chosen = SensorWatch.objects.filter(
        sensor__in={sensor for sensor, _ in new}, alarms_per_week__isnull=False
    )
    allowed = {pk: count or 0 for pk, count in chosen.values_list("sensor", "alarms_per_week")}
    new = [one for one in new if one[0] in allowed]
    if not new:
        return set()
    told: dict[int, list[datetime]] = defaultdict(list)
    rows = Anomaly.objects.filter(
        sensor__in=allowed,
        method=Anomaly.Method.PATTERN,
        is_over_budget=False,
        work_order=None,
        started_at__gt=new[0][1] - WEEK,
        started_at__lte=new[-1][1],
    )
    for sensor, start in rows.order_by("started_at").values_list("sensor", "started_at"):
        told[sensor].append(start)
    found = set()
    for sensor, start in new:
        own = told[sensor]
        if bisect_right(own, start) - bisect_right(own, start - WEEK) >= allowed[sensor]:
            found.add((sensor, start))
        else:
            insort(own, start)
    return found
