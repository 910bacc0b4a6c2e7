"""What writes the audit trail: the product's role itself may only read it."""

from django.db import migrations

from opssight.core.row_security import WallOff

CHANGES = """
CREATE FUNCTION opssight_audit_context() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE coalesce(nullif(current_setting('opssight.context', true), ''), '{}')::jsonb
        -- Nobody of ours: a person at a database prompt.
        WHEN '{}'::jsonb THEN jsonb_build_object('database_user', session_user)
        ELSE current_setting('opssight.context', true)::jsonb
    END
$$;

CREATE FUNCTION opssight_audit_label(record jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(coalesce(
        record->>'tag', record->>'number', record->>'title', record->>'username', record->>'name',
        record->>'key', record->>'failure_mode', record->>'email', record->>'reason',
        record->>'type', record->>'provider', ''
    ), 300)
$$;

CREATE FUNCTION opssight_audit_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    quiet text[] := TG_ARGV[0]::text[];
    hidden text[] := TG_ARGV[1]::text[];
    owner text := TG_ARGV[2];
    person text := TG_ARGV[3];
    actor bigint := nullif(current_setting('opssight.user', true), '')::bigint;
    context jsonb := opssight_audit_context();
    moment timestamptz := clock_timestamp();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_entries (organization_id, at, user_id, action, subject, subject_id, label,
            before, after, context)
        SELECT whose.id, moment, actor, 'create', TG_TABLE_NAME, j->>'id', opssight_audit_label(j),
            NULL, (j - hidden) || masked.values, context
        -- OFFSET 0: each row is turned into JSON once, not wherever it is mentioned.
        FROM (SELECT to_jsonb(n) AS j FROM new_rows n OFFSET 0) changed
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(k, '(hidden)'), '{}') AS values
            FROM unnest(hidden) k
            WHERE changed.j ? k
        ) masked
        LEFT JOIN LATERAL opssight_audit_organizations(j, owner, person) whose(id) ON true;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_entries (organization_id, at, user_id, action, subject, subject_id, label,
            before, after, context)
        SELECT whose.id, moment, actor, 'delete', TG_TABLE_NAME, j->>'id', opssight_audit_label(j),
            (j - hidden) || masked.values, NULL, context
        FROM (SELECT to_jsonb(o) AS j FROM old_rows o OFFSET 0) changed
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(k, '(hidden)'), '{}') AS values
            FROM unnest(hidden) k
            WHERE changed.j ? k
        ) masked
        LEFT JOIN LATERAL opssight_audit_organizations(j, owner, person) whose(id) ON true;
    ELSE
        INSERT INTO audit_entries (organization_id, at, user_id, action, subject, subject_id, label,
            before, after, context)
        SELECT whose.id, moment, actor, 'update', TG_TABLE_NAME, changed.j->>'id',
            opssight_audit_label(changed.j), difference.before, difference.after, context
        FROM (
            SELECT to_jsonb(n) AS j, to_jsonb(o) AS was
            -- A row that gets another key was deleted and created as far as the trail goes.
            FROM old_rows o FULL JOIN new_rows n ON n.id = o.id OFFSET 0
        ) changed
        CROSS JOIN LATERAL (
            SELECT
                jsonb_object_agg(k, CASE WHEN k = ANY (hidden) THEN '"(hidden)"' ELSE was->k END)
                    AS before,
                jsonb_object_agg(k, CASE WHEN k = ANY (hidden) THEN '"(hidden)"' ELSE j->k END)
                    AS after
            FROM jsonb_object_keys(coalesce(j, was) - quiet) k
            WHERE was->k IS DISTINCT FROM j->k
        ) difference
        LEFT JOIN LATERAL opssight_audit_organizations(coalesce(j, was), owner, person) whose(id)
            ON true
        WHERE (changed.j - quiet) IS DISTINCT FROM (changed.was - quiet);
    END IF;
    RETURN NULL;
END $$;
"""

ORGANIZATIONS = """
CREATE FUNCTION opssight_audit_organizations(record jsonb, owner text, person text)
RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT (record->>owner)::bigint WHERE person = ''
    UNION ALL
    SELECT organization_id FROM memberships
    WHERE person <> '' AND user_id = (record->>person)::bigint
$$;
"""

RECORD = """
CREATE FUNCTION opssight_audit_record(
    event text, organization bigint, actor bigint, person bigint, named text, details jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    acting bigint := coalesce(actor, nullif(current_setting('opssight.user', true), '')::bigint);
BEGIN
    IF event IN ('create', 'update', 'delete', 'purge') THEN
        RAISE EXCEPTION 'Only the database itself records %.', event;
    END IF;
    INSERT INTO audit_entries (organization_id, at, user_id, action, subject, subject_id, label,
        before, after, context)
    SELECT whose.id, clock_timestamp(), acting, event,
        CASE WHEN person IS NULL THEN '' ELSE 'users' END, coalesce(person::text, ''), named,
        NULL, nullif(details, '{}'), opssight_audit_context()
    FROM (VALUES (true)) once
    LEFT JOIN LATERAL (
        SELECT organization AS id WHERE organization IS NOT NULL
        UNION ALL
        SELECT organization_id FROM memberships WHERE organization IS NULL AND user_id = person
    ) whose ON true;
END $$;
"""

SEAL = """
CREATE FUNCTION opssight_audit_seal(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    entry audit_entries;
    tail audit_seals;
    whose bigint;
    place bigint;
    digest text;
    sealed integer := 0;
BEGIN
    -- One at a time: who comes second has nothing to do.
    IF NOT pg_try_advisory_xact_lock(hashtext('opssight_audit_seal')) THEN
        RETURN 0;
    END IF;
    FOR whose IN SELECT DISTINCT chain FROM audit_entries WHERE position IS NULL LOOP
        SELECT * INTO tail FROM audit_seals WHERE chain = whose ORDER BY last_position DESC LIMIT 1;
        place := coalesce(tail.last_position, 0);
        digest := coalesce(tail.hash, '');
        FOR entry IN SELECT * FROM audit_entries e
            WHERE e.chain = whose AND e.position IS NULL ORDER BY e.id LIMIT most
        LOOP
            place := place + 1;
            digest := encode(sha256(convert_to(digest || jsonb_build_array(
                place, entry.id, entry.organization_id,
                to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                entry.user_id, entry.action, entry.subject, entry.subject_id, entry.label,
                entry.before, entry.after, entry.context
            )::text, 'UTF8')), 'hex');
            UPDATE audit_entries SET position = place, hash = digest WHERE id = entry.id;
            sealed := sealed + 1;
        END LOOP;
        IF place > coalesce(tail.last_position, 0) THEN
            INSERT INTO audit_seals (organization_id, first_position, last_position, hash, sealed_at)
            VALUES (nullif(whose, 0), coalesce(tail.last_position, 0) + 1, place, digest,
                clock_timestamp());
        END IF;
    END LOOP;
    RETURN sealed;
END $$;
"""

PURGE = """
CREATE FUNCTION opssight_audit_purge(older_than timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    block record;
    count integer;
    removed integer := 0;
BEGIN
    -- The product's role may call this: it must not be a way to get rid of what happened just now.
    IF older_than > now() - interval '30 days' + interval '1 minute' THEN
        RAISE EXCEPTION 'Audit entries are kept for 30 days at least.';
    END IF;
    FOR block IN
        SELECT chain, max(last_position) AS last_position FROM audit_seals
        WHERE purged_at IS NULL AND sealed_at < older_than GROUP BY chain
    LOOP
        DELETE FROM audit_entries e WHERE e.chain = block.chain
            AND e.position <= block.last_position;
        GET DIAGNOSTICS count = ROW_COUNT;
        UPDATE audit_seals s SET purged_at = clock_timestamp()
            WHERE s.chain = block.chain AND s.purged_at IS NULL
            AND s.last_position <= block.last_position;
        INSERT INTO audit_entries (organization_id, at, action, subject, subject_id, label,
            after, context)
        VALUES (nullif(block.chain, 0), clock_timestamp(), 'purge', '', '', '',
            jsonb_build_object('entries', count, 'last_position', block.last_position),
            opssight_audit_context());
        removed := removed + count;
    END LOOP;
    RETURN removed;
END $$;
"""

OF_CHAIN = "chain = ANY ((SELECT opssight_organizations())::bigint[])"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("audit", "0001_initial")]

    operations = [
        WallOff("audit_entries", visible=OF_CHAIN),
        WallOff("audit_seals", visible=OF_CHAIN),
        migrations.RunSQL(
            [ORGANIZATIONS, CHANGES, RECORD, SEAL, PURGE],
            "DROP FUNCTION opssight_audit_purge, opssight_audit_seal, opssight_audit_record,"
            " opssight_audit_changes, opssight_audit_label, opssight_audit_context,"
            " opssight_audit_organizations",
        ),
    ]
