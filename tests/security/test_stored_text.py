"""Markup that somebody stored is shown as text: on every page, in the admin, the API and mails."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.contrib import admin as django_admin
from django.db import Error, models, transaction
from django.urls import reverse

from notifications.models import Notification
from notifications.tasks import deliver_pending
from opssight.accounts.models import Membership
from tests.conftest import ApiFor, ClientFor
from tests.core.test_admin import MAKERS, NEVER_ADDED
from tests.factories import NotificationFactory
from tests.security.routes import routes

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

PAYLOAD = "\"'><script>x</script><img src=x onerror=x>{{7*7}}${7*7}"
SHORT = "'\"><b/x=1>"
SEARCH = f"?q={PAYLOAD}&search={PAYLOAD}&ordering={PAYLOAD}&page={PAYLOAD}"
# What a page may not contain: the payload as markup.
RAW = ("<script>x</script>", "<img src=x onerror=x>", "<b/x=1>")


@pytest.fixture
def poisoned(admin: Membership) -> dict[str, models.Model]:
    """One row of every model that the admin shows, with markup in each text of it."""
    rows = {label: maker(admin) for label, maker in MAKERS.items()}
    everything = {id(row): row for start in rows.values() for row in _around(start)}
    for row in everything.values():
        _poison(row)
    return rows


def _around(row: models.Model) -> list[models.Model]:
    """The row and what it refers to."""
    related = [getattr(row, f.name) for f in row._meta.concrete_fields if f.is_relation]
    return [row, *(one for one in related if one is not None)]


def _poison(row: models.Model) -> None:
    for field in row._meta.concrete_fields:
        if not _takes_any_text(field):
            continue
        room = field.max_length or 500
        text = PAYLOAD if room >= len(PAYLOAD) else SHORT
        # Unique texts stay so.
        if len(text) <= room:
            text = f"{row.pk}{text}"[:room] if field.unique or _is_key(row, field) else text
            _try_to_write(row, field.attname, text)


def _takes_any_text(field: Any) -> bool:
    kinds = (models.CharField, models.TextField)
    narrow = (models.EmailField, models.SlugField, models.URLField)
    return (
        isinstance(field, kinds)
        and not isinstance(field, narrow)
        and not field.choices
        and not field.primary_key
        and field.name not in KEPT
    )


# Not texts but keys: of a session, of a zone, of a hash.
KEPT = {"holidays", "rule", "password", "timezone", "digest", "prefix", "secret", "previous_secret"}


def _is_key(row: models.Model, field: Any) -> bool:
    return any(field.name in getattr(c, "fields", ()) for c in row._meta.constraints)


def _try_to_write(row: models.Model, name: str, text: str) -> None:
    try:
        with transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(**{name: text})
    except Error:  # a rule of the database keeps markup out of it
        return


def test_every_text_can_hold_markup_or_refuses_it(poisoned: dict[str, models.Model]) -> None:
    """Else the tests below look at nothing."""
    texts = [
        value
        for row in poisoned.values()
        for value in type(row)._default_manager.filter(pk=row.pk).values()[0].values()
    ]

    assert sum("<" in str(text) for text in texts) > len(poisoned)


def test_no_page_shows_it_as_markup(
    poisoned: dict[str, models.Model], admin: Membership, client_for: ClientFor
) -> None:
    client = client_for(admin)
    keys = {label.lower().rpartition(".")[2]: row.pk for label, row in poisoned.items()}
    seen = 0
    for path in _pages(keys):
        for search in ("",) if re.search(r"/\d+/", path) else ("", SEARCH):
            answer = client.get(path + search)
            if answer.streaming:  # A file, which is closed at its end.
                b"".join(answer)
            elif answer.status_code == 200 and "html" in answer.get("Content-Type", ""):
                body = answer.content.decode()
                seen += "&lt;" in body
                assert not [raw for raw in RAW if raw in body], path
                assert "49$" not in body, path
        if "logout" in path or "sign-out" in path:
            client.force_login(admin.user)
    assert seen > 20


@pytest.mark.parametrize("label", sorted(MAKERS))
def test_no_page_of_the_admin_shows_it_as_markup(
    label: str, poisoned: dict[str, models.Model], admin: Membership, client_for: ClientFor
) -> None:
    client = client_for(admin)
    name = f"admin:{label.lower().replace('.', '_')}"
    pk = poisoned[label].pk
    paths = [reverse(f"{name}_changelist"), reverse(f"{name}_changelist") + f"?q={PAYLOAD}"]
    paths += [reverse(f"{name}_{page}", args=[pk]) for page in ("change", "history", "delete")]
    paths += [reverse(f"{name}_add")] * (label not in NEVER_ADDED)
    for path in paths:
        body = client.get(path, follow=True).content.decode()
        assert not [raw for raw in RAW if raw in body], path


def test_the_api_sends_it_as_data_that_no_browser_takes_for_a_page(
    poisoned: dict[str, models.Model], admin: Membership, api_for: ApiFor
) -> None:
    api = api_for(admin)
    for prefix in ("sites", "assets", "maintenance/work-orders", "notifications"):
        for accept in ("text/html,*/*;q=0.1", "application/json"):
            answer = api.get(f"/api/{prefix}/", headers={"Accept": accept})
            assert answer["Content-Type"].startswith("application/json")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_a_refusal_repeats_it_as_data_only(admin: Membership, api_for: ApiFor) -> None:
    for path in (f"/api/{PAYLOAD}", f"/api/assets/?ordering={PAYLOAD}"):
        answer = api_for(admin).get(path)
        assert answer.status_code in (400, 404)
        assert answer["Content-Type"] == "application/problem+json"


def test_a_mail_is_plain_text_with_one_subject(
    admin: Membership, settings: LazySettings, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    admin.user.email = "ada@plant.example"
    admin.user.save()
    for text in (PAYLOAD, "Pump\r\nBcc: evil@evil.example"):
        NotificationFactory.create(
            organization=admin.organization, recipient=admin.user, subject=text[:200]
        )
    deliver_pending(organization_id=admin.organization_id)

    for mail in mailoutbox:
        headers = mail.message().as_string().partition("\n\n")[0]
        assert mail.content_subtype == "plain"
        assert not getattr(mail, "alternatives", [])
        assert "\nBcc:" not in headers
    assert Notification.objects.filter(recipient=admin.user).count() == 2


def _pages(keys: dict[str, int]) -> list[str]:
    """Every page route, with the poisoned row that its argument is about."""
    found = []
    for route in routes():
        if route.path.startswith(("api/", "admin/", "static/", "health/")) or "(?" in route.path:
            continue
        path = "/" + route.path.replace("^", "").replace("$", "")
        if not route.takes:
            found.append(path)
            continue
        for kind in ("int", "str", "slug", "path", "uuid"):
            path = path.replace(f"<{kind}:", "<")
        for pk in sorted(set(keys.values())):
            filled = path
            for name in route.takes:
                filled = filled.replace(f"<{name}>", str(pk))
            found.append(filled)
    return found


def test_every_model_of_the_admin_is_poisoned() -> None:
    ours = {config.label for config in apps.get_app_configs() if config.name.count(".") < 2}
    shown = {m._meta.label for m in django_admin.site._registry if m._meta.app_label in ours}

    assert shown - set(MAKERS) <= {"account.EmailAddress"} | {
        label for label in shown if label.split(".")[0] in ("mfa", "socialaccount", "usersessions")
    }
