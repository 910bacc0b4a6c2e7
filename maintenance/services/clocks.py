"""Clocks in SQL, where many rows are moved at once."""


def moment_sql(local: str, zone: str) -> str:
    """SQL of the moment at which the clocks of a zone show `local`, a timestamp without a zone.

    As `maintenance.scheduling.intervals.wall`: a time that the clock skips moves forward, and of
    one that it repeats it is the first. PostgreSQL by itself takes the second.
    """
    plain = f"(({local}) AT TIME ZONE {zone})"
    # By the offset of the day before, which is another one only where the clock has just changed.
    before = f"((({local}) - interval '1 day') AT TIME ZONE {zone} + interval '24 hours')"
    return (
        f"CASE WHEN {before} AT TIME ZONE {zone} = ({local}) THEN least({before}, {plain})"
        f" ELSE {plain} END"
    )
