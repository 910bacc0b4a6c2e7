"""No value in any field of any body, and none in any query, makes the API fail."""

import json
from typing import Any

import pytest
from django.db import transaction
from rest_framework.serializers import BaseSerializer

from opssight.accounts.models import Membership
from opssight.api import router
from tests.conftest import ApiFor
from tests.test_conventions import MAKERS

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

HOSTILE: list[Any] = [
    None,
    True,
    "",
    "a\0b",
    "\ud800",
    "x" * 100_000,
    "nan",
    "1e400",
    -1,
    10**30,
    1e308,
    [[]],
    [None, "a\0b"],
    {},
    {"a": "\0", "b": 1e308, "c": "\ud800"},
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "' OR 1=1 --",
]
ROUTES: list[Any] = [
    pytest.param(prefix, viewset, id=prefix) for prefix, viewset, _ in router.registry
]
ACTIONS = {
    "asset-groups": {"members": ["asset"]},
    "assets": {"readings": ["readings"]},
    "anomalies": {"review": ["verdict"]},
    "maintenance/recommendations": {"accept": ["technician", "due_at"], "dismiss": ["reason"]},
    "maintenance/work-orders": {"complete": ["verdict", "notes", "labor_minutes"]},
}


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_no_body_makes_it_fail(
    prefix: str, viewset: Any, admin: Membership, api_for: ApiFor
) -> None:
    row = MAKERS[prefix](admin)
    api = api_for(admin)
    url = f"/api/{prefix}/{row.pk}/"
    requests = [
        (send, path, name)
        for send, path in ((api.patch, url), (api.post, f"/api/{prefix}/"))
        for name in _fields(viewset)
        if send(path, {}).status_code != 405
    ]
    requests += [
        (api.post, f"{url}{action}/", name)
        for action, names in ACTIONS.get(prefix, {}).items()
        for name in names
    ]
    whole = api.get(url).data
    for send, path, name in requests:
        for value in HOSTILE:
            with transaction.atomic():
                body = json.dumps({**whole, name: value}, default=str)
                answer = send(path, body, content_type="application/json")
                assert answer.status_code < 500, (path, name, value)
                assert answer.content is not None
                transaction.set_rollback(True)


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
def test_no_query_makes_it_fail(
    prefix: str, viewset: Any, admin: Membership, api_for: ApiFor
) -> None:
    MAKERS[prefix](admin)
    api = api_for(admin)
    filters = list(viewset.filterset_class.base_filters) if viewset.filterset_class else []
    for name in [
        *filters,
        "search",
        "ordering",
        "page",
        "page_size",
        "cursor",
        "fields",
        "expand",
        "format",
    ]:
        for value in HOSTILE:
            if isinstance(value, str) and value != "\ud800" and len(value) < 1000:
                answer = api.get(f"/api/{prefix}/", {name: value})
                assert answer.status_code < 500, (name, value)


@pytest.mark.parametrize(("prefix", "viewset"), ROUTES)
@pytest.mark.parametrize("pk", ["0", "-1", "9" * 40, "x", "%00", "1.5", "é"])
def test_no_id_makes_it_fail(
    prefix: str, viewset: Any, pk: str, admin: Membership, api_for: ApiFor
) -> None:
    assert api_for(admin).get(f"/api/{prefix}/{pk}/").status_code == 404


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "NaN", "[1, 2]", "\xff\xfe"])
def test_no_document_makes_it_fail(body: str, admin: Membership, api_for: ApiFor) -> None:
    api = api_for(admin)
    order = MAKERS["maintenance/work-orders"](admin)
    for url in ("/api/assets/", "/api/maintenance/work-orders/", "/api/auth/token/"):
        answer = api.post(url, body, content_type="application/json")
        assert answer.status_code == 400, (url, answer.content)
    url = f"/api/maintenance/work-orders/{order.pk}/"
    assert api.put(url, body, content_type="application/json").status_code == 400


def _fields(viewset: Any) -> list[str]:
    serializer: type[BaseSerializer[Any]] = viewset.serializer_class
    fields: dict[str, Any] = serializer().fields  # type: ignore[attr-defined]
    return [name for name, field in fields.items() if not field.read_only]
