"""Nothing in a body gives a caller another organization, another's row, or a field that is ours."""

from typing import Any

import pytest
from django.db import models
from rest_framework.relations import ManyRelatedField, RelatedField
from rest_framework.serializers import BaseSerializer

from opssight.accounts.models import Membership
from opssight.api import router
from tests.conftest import ApiFor
from tests.test_conventions import MAKERS

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

REGISTRY: list[Any] = router.registry
ROUTES: list[Any] = [
    pytest.param(prefix, viewset, id=prefix)
    for prefix, viewset, _ in REGISTRY
    if prefix in MAKERS and hasattr(viewset.queryset.model, "organization_id")
]
# Written by a serializer of the action's own.
ALSO_WRITTEN = {"access/devices": {"name"}}
# What somebody would try, whether the model has it or not.
FORGED = {
    "organization": None,
    "organization_id": None,
    "is_superuser": True,
    "is_staff": True,
    "is_active": False,
    "token_version": 99,
    "id": 999_999_999,
    "pk": 999_999_999,
}


def _writable(viewset: Any) -> dict[str, Any]:
    serializer: type[BaseSerializer[Any]] = viewset.serializer_class
    fields: dict[str, Any] = serializer().fields  # type: ignore[attr-defined]
    return {name: field for name, field in fields.items() if not field.read_only}


def _state(row: models.Model) -> dict[str, Any]:
    [values] = type(row)._default_manager.filter(pk=row.pk).values()
    return dict(values)


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_no_field_that_is_not_offered_is_written(
    prefix: str, viewset: Any, admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    """Mass assignment: every field of the model that the serializer does not take."""
    row = MAKERS[prefix](admin)
    source = MAKERS[prefix](admin)
    taken = {getattr(f, "source", name) for name, f in _writable(viewset).items()}
    taken |= ALSO_WRITTEN.get(prefix, set())
    hidden = [f for f in row._meta.concrete_fields if f.name not in taken]
    other = _state(source)
    forged = FORGED | {
        name: stranger.organization_id if f.name == "organization" else _json(other[f.attname])
        for f in hidden
        for name in (f.name, f.attname)
    }
    forged["organization"] = forged["organization_id"] = stranger.organization_id
    before = _state(row)
    api = api_for(admin)
    path = f"/api/{prefix}/{row.pk}/"

    answers = [api.patch(path, forged)]
    if answers[0].status_code != 405:
        answers.append(api.put(path, {**api.get(path).json(), **forged}))
    after = _state(row)

    assert all(answer.status_code in (200, 400, 405, 409) for answer in answers)
    assert after["organization_id"] == before["organization_id"] != stranger.organization_id
    # What the product itself may write on a change, such as the time of it, is no value of ours.
    assert {
        f.name: after[f.attname]
        for f in hidden
        if after[f.attname] != before[f.attname] and after[f.attname] == other[f.attname]
    } == {}


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_a_new_row_is_never_another_organizations(
    prefix: str, viewset: Any, admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    row = MAKERS[prefix](admin)
    api = api_for(admin)
    model = viewset.queryset.model
    before = set(model._default_manager.values_list("pk", flat=True))
    body = {**api.get(f"/api/{prefix}/{row.pk}/").json(), "organization": stranger.organization_id}
    for changed in ({}, {"organization_id": stranger.organization_id}, {"tag": "X", "name": "X"}):
        api.post(f"/api/{prefix}/", {**body, **changed})
        operation = {"op": "create", "data": {**body, **changed}}
        api.post(f"/api/{prefix}/bulk/", {"operations": [operation]})

    made = model._default_manager.exclude(pk__in=before)
    assert set(made.values_list("organization_id", flat=True)) <= {admin.organization_id}


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_a_row_of_another_organization_cannot_be_referred_to(
    prefix: str, viewset: Any, admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    """IDOR through foreign keys: such an id answers like one that never existed."""
    row = MAKERS[prefix](admin)
    api = api_for(admin)
    path = f"/api/{prefix}/{row.pk}/"
    whole = api.get(path).json()
    for name, field in _writable(viewset).items():
        related = field.child_relation if isinstance(field, ManyRelatedField) else field
        if not isinstance(related, RelatedField):
            continue
        target = _foreign_row(related, stranger)
        many = isinstance(field, ManyRelatedField)
        for send, where in ((api.patch, path), (api.post, f"/api/{prefix}/")):
            texts = []
            for pk in (target.pk, 999_999_999):
                answer = send(where, {**whole, name: [pk] if many else pk})
                if answer.status_code == 405 or _is_ignored(answer, name, whole):
                    continue
                assert answer.status_code == 400, (name, answer.content)
                texts.append(str(answer.json()["errors"]).replace(str(pk), "ID"))
            assert len(set(texts)) <= 1, texts
        attname = f"{field.source}_id"
        assert _state(row).get(attname) != target.pk


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_no_action_reaches_a_foreign_row(
    prefix: str, viewset: Any, admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    row = MAKERS[prefix](stranger)
    before = _state(row)
    api = api_for(admin)
    for extra in viewset.get_extra_actions():
        if not extra.detail:
            continue
        for method in extra.mapping:
            path = f"/api/{prefix}/{row.pk}/{extra.url_path}/"
            assert getattr(api, method)(path, {}).status_code == 404, path
    for operation in ("update", "delete"):
        item = {"op": operation, "id": row.pk, "data": {"name": "mine"}}
        api.post(f"/api/{prefix}/bulk/", {"operations": [item]})

    assert _state(row) == before


def _is_ignored(answer: Any, name: str, whole: dict[str, Any]) -> bool:
    """A change of the row that left this field as it was."""
    return bool(answer.status_code == 200 and answer.json()[name] == whole[name])


def _foreign_row(field: Any, stranger: Membership) -> models.Model:
    model = field.queryset.model
    for prefix, viewset, _ in REGISTRY:
        if viewset.queryset.model is model and prefix in MAKERS:
            return MAKERS[prefix](stranger)
    if model._meta.label == "accounts.User":
        return stranger.user
    pytest.fail(f"Say in MAKERS how to make a row of {model._meta.label}.")


def _json(value: Any) -> Any:
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)
