"""The relations `asset_metrics_hourly` and `asset_metrics_daily`, in one spelling on both servers.

Sealed buckets (those before `asset_metrics_sealed.until`, whose readings were removed) are read
from the stores on both. Of the others, TimescaleDB has continuous aggregates. A plain server reads
the stores too, except where a mark says that they do not hold: there it computes.
"""

from django.db import migrations

from opssight.core.timescale.operations import SqlByServer

COLUMNS = "sensor_id, bucket, count, min, max, avg, first, last, sum_squares"

# PostgreSQL refuses to compute what rounds to zero; a reading may be as small as it likes.
SQUARES = "sum(CASE WHEN abs({0}) > 1e-150 THEN {0} * {0} ELSE 0 END)"
MEAN_OF_HOURS = """CASE WHEN abs(sum({0}avg * {0}count)) > 1e-290
                THEN sum({0}avg * {0}count) / sum({0}count) ELSE 0 END"""

# What a bucket is made of: of readings, and of the kept figures of hours.
FUNCTIONS = f"""
CREATE FUNCTION opssight_hour_figures(sensor bigint, since timestamptz)
RETURNS TABLE (count bigint, min double precision, max double precision, avg double precision,
               first double precision, last double precision, sum_squares double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT count(*), min(m.value), max(m.value), avg(m.value),
           (array_agg(m.value ORDER BY m.time))[1], (array_agg(m.value ORDER BY m.time DESC))[1],
           {SQUARES.format("m.value")}
    FROM asset_metrics m
    WHERE m.sensor_id = sensor AND m.time >= since AND m.time < since + interval '1 hour'
    HAVING count(*) > 0
$$;
CREATE FUNCTION opssight_day_figures(sensor bigint, since timestamptz)
RETURNS TABLE (count bigint, min double precision, max double precision, avg double precision,
               first double precision, last double precision, sum_squares double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT sum(h.count)::bigint, min(h.min), max(h.max),
           {MEAN_OF_HOURS.format("h.")},
           (array_agg(h.first ORDER BY h.bucket))[1], (array_agg(h.last ORDER BY h.bucket DESC))[1],
           sum(h.sum_squares)
    FROM asset_metrics_hours h
    WHERE h.sensor_id = sensor AND h.bucket >= since AND h.bucket < since + interval '24 hours'
    HAVING count(*) > 0
$$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION opssight_day_figures(bigint, timestamptz);
DROP FUNCTION opssight_hour_figures(bigint, timestamptz);
"""

# An hour is marked once: a mark that is there is held until the transaction ends, and who takes
# marks up passes over those that are held. One that is being taken up is passed over here, and
# marked anew: the figures may have been read before these readings. Nobody waits for anybody.
PLAIN = f"""
CREATE FUNCTION opssight_mark_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH hours AS (
        SELECT DISTINCT sensor_id, date_bin('1 hour', time, '1970-01-01 00:00+00') AS bucket
        FROM touched_rows
    ), held AS (
        SELECT t.sensor_id, t.bucket FROM asset_metrics_touched t
        JOIN hours h ON h.sensor_id = t.sensor_id AND h.bucket = t.bucket
        FOR KEY SHARE OF t SKIP LOCKED
    )
    INSERT INTO asset_metrics_touched (sensor_id, bucket)
    SELECT h.sensor_id, h.bucket FROM hours h
    LEFT JOIN asset_metrics_sealed s ON s.sensor_id = h.sensor_id
    WHERE (s.until IS NULL OR h.bucket >= s.until)
      AND (h.sensor_id, h.bucket) NOT IN (SELECT sensor_id, bucket FROM held);
    RETURN NULL;
END $$;
CREATE TRIGGER readings_came AFTER INSERT ON asset_metrics REFERENCING NEW TABLE AS touched_rows
    FOR EACH STATEMENT EXECUTE FUNCTION opssight_mark_touched();
CREATE TRIGGER readings_changed AFTER UPDATE ON asset_metrics REFERENCING NEW TABLE AS touched_rows
    FOR EACH STATEMENT EXECUTE FUNCTION opssight_mark_touched();
CREATE TRIGGER readings_moved AFTER UPDATE ON asset_metrics REFERENCING OLD TABLE AS touched_rows
    FOR EACH STATEMENT EXECUTE FUNCTION opssight_mark_touched();
CREATE TRIGGER readings_went AFTER DELETE ON asset_metrics REFERENCING OLD TABLE AS touched_rows
    FOR EACH STATEMENT EXECUTE FUNCTION opssight_mark_touched();

CREATE VIEW asset_metrics_open AS
    SELECT DISTINCT t.sensor_id, t.bucket FROM asset_metrics_touched t
    LEFT JOIN asset_metrics_sealed s ON s.sensor_id = t.sensor_id
    WHERE s.until IS NULL OR t.bucket >= s.until;
CREATE VIEW asset_metrics_hourly AS
    SELECT k.sensor_id, k.bucket, k.count, k.min, k.max, k.avg, k.first, k.last, k.sum_squares
    FROM asset_metrics_hours k
    WHERE NOT EXISTS (
        SELECT FROM asset_metrics_open o WHERE o.sensor_id = k.sensor_id AND o.bucket = k.bucket
    )
    UNION ALL
    SELECT o.sensor_id, o.bucket, f.count, f.min, f.max, f.avg, f.first, f.last, f.sum_squares
    FROM asset_metrics_open o CROSS JOIN LATERAL opssight_hour_figures(o.sensor_id, o.bucket) f;
CREATE VIEW asset_metrics_daily AS
    WITH open_days AS NOT MATERIALIZED (
        SELECT DISTINCT sensor_id, date_bin('24 hours', bucket, '1970-01-01 00:00+00') AS bucket
        FROM asset_metrics_open
    )
    SELECT k.sensor_id, k.bucket, k.count, k.min, k.max, k.avg, k.first, k.last, k.sum_squares
    FROM asset_metrics_days k
    WHERE NOT EXISTS (
        SELECT FROM open_days o WHERE o.sensor_id = k.sensor_id AND o.bucket = k.bucket
    )
    UNION ALL
    SELECT o.sensor_id, o.bucket, f.count, f.min, f.max, f.avg, f.first, f.last, f.sum_squares
    FROM open_days o CROSS JOIN LATERAL (
        SELECT sum(h.count)::bigint AS count, min(h.min) AS min, max(h.max) AS max,
               {MEAN_OF_HOURS.format("h.")} AS avg,
               (array_agg(h.first ORDER BY h.bucket))[1] AS first,
               (array_agg(h.last ORDER BY h.bucket DESC))[1] AS last,
               sum(h.sum_squares) AS sum_squares
        FROM asset_metrics_hourly h
        WHERE h.sensor_id = o.sensor_id
          AND h.bucket >= o.bucket AND h.bucket < o.bucket + interval '24 hours'
        HAVING count(*) > 0
    ) f;
CREATE FUNCTION opssight_drop_sealed_chunks() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
"""
# Of the readings that are there already.
FILL = f"""
INSERT INTO asset_metrics_hours ({COLUMNS})
    SELECT h.sensor_id, h.bucket, f.* FROM (
        SELECT DISTINCT sensor_id, date_bin('1 hour', time, '1970-01-01 00:00+00') AS bucket
        FROM asset_metrics
    ) h CROSS JOIN LATERAL opssight_hour_figures(h.sensor_id, h.bucket) f;
INSERT INTO asset_metrics_days ({COLUMNS})
    SELECT d.sensor_id, d.bucket, f.* FROM (
        SELECT DISTINCT sensor_id, date_bin('24 hours', bucket, '1970-01-01 00:00+00') AS bucket
        FROM asset_metrics_hours
    ) d CROSS JOIN LATERAL opssight_day_figures(d.sensor_id, d.bucket) f;
"""
UNDO_PLAIN = f"""
DROP FUNCTION opssight_drop_sealed_chunks();
DROP VIEW asset_metrics_daily;
DROP VIEW asset_metrics_hourly;
DROP VIEW asset_metrics_open;
DROP TRIGGER readings_came ON asset_metrics;
DROP TRIGGER readings_changed ON asset_metrics;
DROP TRIGGER readings_moved ON asset_metrics;
DROP TRIGGER readings_went ON asset_metrics;
DROP FUNCTION opssight_mark_touched();
"""

# A refresh from the very beginning costs what was touched, not what there is. It may compute sealed
# buckets out of what is left of their readings: nobody reads those.
TIMESCALE = f"""
CREATE MATERIALIZED VIEW asset_metrics_live_hours
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT sensor_id, time_bucket('1 hour', time) AS bucket, count(*) AS count, min(value) AS min,
           max(value) AS max, avg(value) AS avg, first(value, time) AS first,
           last(value, time) AS last, {SQUARES.format("value")} AS sum_squares
    FROM asset_metrics GROUP BY sensor_id, time_bucket('1 hour', time)
WITH NO DATA;
CREATE MATERIALIZED VIEW asset_metrics_live_days
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT sensor_id, time_bucket('1 day', bucket) AS bucket, sum(count)::bigint AS count,
           min(min) AS min, max(max) AS max, {MEAN_OF_HOURS.format("")} AS avg,
           first(first, bucket) AS first, last(last, bucket) AS last,
           sum(sum_squares) AS sum_squares
    FROM asset_metrics_live_hours GROUP BY sensor_id, time_bucket('1 day', bucket)
WITH NO DATA;
SELECT add_continuous_aggregate_policy('asset_metrics_live_hours', start_offset => NULL,
    end_offset => interval '1 hour', schedule_interval => interval '5 minutes');
SELECT add_continuous_aggregate_policy('asset_metrics_live_days', start_offset => NULL,
    end_offset => interval '1 day', schedule_interval => interval '5 minutes');
ALTER TABLE asset_metrics SET (timescaledb.compress, timescaledb.compress_segmentby = 'sensor_id',
    timescaledb.compress_orderby = 'time DESC');
SELECT add_compression_policy('asset_metrics', interval '14 days');

CREATE VIEW asset_metrics_hourly AS
    SELECT sensor_id, bucket, count, min, max, avg, first, last, sum_squares
    FROM asset_metrics_hours
    UNION ALL
    SELECT l.sensor_id, l.bucket, l.count, l.min, l.max, l.avg, l.first, l.last, l.sum_squares
    FROM asset_metrics_live_hours l
    WHERE NOT EXISTS (
        SELECT FROM asset_metrics_sealed s WHERE s.sensor_id = l.sensor_id AND l.bucket < s.until
    );
CREATE VIEW asset_metrics_daily AS
    SELECT sensor_id, bucket, count, min, max, avg, first, last, sum_squares
    FROM asset_metrics_days
    UNION ALL
    SELECT l.sensor_id, l.bucket, l.count, l.min, l.max, l.avg, l.first, l.last, l.sum_squares
    FROM asset_metrics_live_days l
    WHERE NOT EXISTS (
        SELECT FROM asset_metrics_sealed s WHERE s.sensor_id = l.sensor_id AND l.bucket < s.until
    );

-- Whole chunks that lie before what any sensor still keeps. As the owner, who alone may.
CREATE FUNCTION opssight_drop_sealed_chunks() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    horizon timestamptz;
    dropped bigint;
BEGIN
    SELECT CASE WHEN bool_and(s.until IS NOT NULL) THEN min(s.until) END INTO horizon
    FROM sensors x LEFT JOIN asset_metrics_sealed s ON s.sensor_id = x.id
    WHERE x.last_time IS NOT NULL;
    IF horizon IS NULL THEN
        RETURN 0;
    END IF;
    SELECT count(*) INTO dropped FROM drop_chunks('asset_metrics', older_than => horizon);
    PERFORM drop_chunks('asset_metrics_live_hours', older_than => horizon);
    PERFORM drop_chunks('asset_metrics_live_days', older_than => horizon);
    RETURN dropped;
END $$;
"""
UNDO_TIMESCALE = """
DROP FUNCTION opssight_drop_sealed_chunks();
DROP VIEW asset_metrics_daily;
DROP VIEW asset_metrics_hourly;
DROP MATERIALIZED VIEW asset_metrics_live_days;
DROP MATERIALIZED VIEW asset_metrics_live_hours;
SELECT remove_compression_policy('asset_metrics', if_exists => true);
SELECT decompress_chunk(c, true) FROM show_chunks('asset_metrics') c;
ALTER TABLE asset_metrics SET (timescaledb.compress = false);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("assets", "0002_walls_and_audit"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        SqlByServer(
            plain=PLAIN + FILL,
            undo_plain=UNDO_PLAIN,
            timescale=TIMESCALE,
            undo_timescale=UNDO_TIMESCALE,
        ),
    ]
