"""The seals: what was changed behind the product's back is found."""

import datetime as dt
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from opssight.accounts.models import Membership
from opssight.audit import services, tasks
from opssight.audit.models import AuditEntry, AuditSeal
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(planner: Membership) -> int:
    for name in ("One", "Two", "Three"):
        factories.SiteFactory.create(organization=planner.organization, name=name)
        tasks.seal_entries()
    return planner.organization_id


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_audit", *options, stdout=out, stderr=out)
    return out.getvalue()


def broken(*options: str) -> str:
    out = StringIO()
    with pytest.raises(CommandError, match="tampered"):
        call_command("verify_audit", *options, stdout=out, stderr=out)
    return out.getvalue()


def sql(statement: str, *values: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_every_entry_gets_its_place_in_the_chain_of_its_organization(chain: int) -> None:
    places = list(
        AuditEntry.objects.filter(chain=chain).order_by("pk").values_list("position", flat=True)
    )

    assert places == list(range(1, len(places) + 1))
    assert not AuditEntry.objects.filter(position=None).exists()
    assert tasks.seal_entries() == 0


def test_an_untouched_trail_verifies_and_prints_its_latest_seal(chain: int) -> None:
    seal = AuditSeal.objects.filter(chain=chain).latest("last_position")

    said = verify()

    assert f"seal {chain}:{seal.last_position}:{seal.hash}" in said
    assert verify("--seal", str(seal)) == said


def test_a_changed_entry_is_named(chain: int) -> None:
    entry = AuditEntry.objects.get(label="Two", subject="sites")
    sql("UPDATE audit_entries SET label = 'Too' WHERE id = %s", entry.pk)

    assert f"Entry {entry.pk} at position {entry.position} was changed" in broken()


def test_a_deleted_entry_is_named(chain: int) -> None:
    entry = AuditEntry.objects.get(label="Two", subject="sites")
    entry.delete()

    assert f"The entry at position {entry.position} was deleted" in broken()


def test_a_deleted_tail_is_named(chain: int) -> None:
    entry = AuditEntry.objects.filter(chain=chain).latest("pk")
    sql("DELETE FROM audit_entries WHERE id = %s", entry.pk)

    assert f"The entry at position {entry.position} was deleted" in broken()


def test_an_inserted_entry_is_named(chain: int) -> None:
    sql(
        "INSERT INTO audit_entries (organization_id, at, action, subject, subject_id, label,"
        " context, position, hash) VALUES (%s, now(), 'login', '', '', '', '{}', 99, 'x')",
        chain,
    )

    assert "at position 99 was inserted" in broken()


def test_an_entry_whose_hash_was_written_anew_is_found_by_its_seal(chain: int) -> None:
    last = AuditEntry.objects.filter(chain=chain).latest("pk")
    sql(
        "UPDATE audit_entries e SET label = 'x', hash = encode(sha256(convert_to("
        " (SELECT hash FROM audit_entries p"
        "  WHERE p.chain = e.chain AND p.position = e.position - 1)"
        " || jsonb_build_array(position, id, organization_id,"
        " to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), user_id, action,"
        " subject, subject_id, 'x', before, after, context)::text, 'UTF8')), 'hex') WHERE id = %s",
        last.pk,
    )

    assert "the seal over it differs" in broken()


def test_a_trail_that_was_cut_off_with_its_seals_is_found_by_a_seal_kept_elsewhere(
    chain: int,
) -> None:
    seal = AuditSeal.objects.filter(chain=chain).latest("last_position")
    sql("DELETE FROM audit_entries WHERE chain = %s AND position >= %s", chain, seal.first_position)
    sql("DELETE FROM audit_seals WHERE id = %s", seal.pk)

    assert "entries hold" in verify()
    assert "is not the one that was kept" in broken("--seal", str(seal))


def test_missing_seals_are_named(chain: int) -> None:
    AuditSeal.objects.filter(chain=chain).earliest("last_position").delete()

    assert "are missing" in broken()


def test_one_organization_can_be_verified_alone(chain: int, planner: Membership) -> None:
    assert verify("--organization", planner.organization.slug).count("Chain") == 1
    with pytest.raises(CommandError, match="no organization 'none'"):
        call_command("verify_audit", "--organization", "none")


def test_the_retention_removes_sealed_entries_and_the_chain_still_verifies(
    chain: int, settings: LazySettings
) -> None:
    settings.AUDIT_RETENTION_DAYS = 90
    first = AuditSeal.objects.filter(chain=chain).earliest("last_position")
    old = timezone.now() - dt.timedelta(days=91)
    AuditSeal.objects.filter(pk=first.pk).update(sealed_at=old)

    assert services.purge(at=timezone.now()) == first.last_position
    tasks.seal_entries()

    remaining = AuditEntry.objects.filter(chain=chain)
    assert remaining.earliest("position").position == first.last_position + 1
    assert remaining.filter(action="purge").count() == 1
    assert f"{first.last_position} older ones were removed" in verify()


def test_without_a_retention_nothing_is_removed(chain: int) -> None:
    AuditSeal.objects.update(sealed_at=timezone.now() - dt.timedelta(days=9999))

    assert tasks.remove_old_entries() == 0
