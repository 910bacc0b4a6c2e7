"""What the row-level security policies ask."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION opssight_organizations() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('opssight.organizations', true), ''), '{}')::bigint[]
$$;
CREATE FUNCTION opssight_organization_ids() RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM organizations
$$;
CREATE FUNCTION opssight_organizations_of(member bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organization_id FROM memberships WHERE user_id = member
$$;
CREATE FUNCTION opssight_members_elsewhere() RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT inside.user_id FROM memberships inside
    JOIN memberships outside ON outside.user_id = inside.user_id
    WHERE inside.organization_id = ANY (opssight_organizations())
    AND outside.organization_id <> ALL (opssight_organizations())
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            FUNCTIONS,
            "DROP FUNCTION opssight_members_elsewhere(), opssight_organizations_of(bigint), opssight_organization_ids(),"
            " opssight_organizations()",
        )
    ]
