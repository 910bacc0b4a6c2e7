import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.test.client import RequestFactory

from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_signing_in_and_out_is_recorded(technician: Membership) -> None:
    client = Client()
    client.force_login(technician.user)
    client.post("/logout/")

    entries = AuditEntry.objects.filter(action__in=["login", "logout"]).order_by("pk")
    assert [entry.action for entry in entries] == ["login", "logout"]
    assert {entry.user_id for entry in entries} == {technician.user_id}
    assert {entry.organization_id for entry in entries} == {technician.organization_id}


def test_a_failed_sign_in_is_told_to_the_organization_without_the_password(
    technician: Membership,
) -> None:
    request = RequestFactory().post("/login/")
    authenticate(request, username=technician.user.username, password="tr0ub4dor")

    entry = AuditEntry.objects.get(action="login_failed")
    assert (entry.organization_id, entry.user) == (technician.organization_id, None)
    assert (entry.subject, entry.subject_id) == ("users", str(technician.user_id))
    assert "tr0ub4dor" not in str([entry.label, entry.after, entry.context])


def test_a_failed_sign_in_with_an_unknown_name_belongs_to_no_organization(
    technician: Membership,
) -> None:
    authenticate(RequestFactory().post("/login/"), username="x" * 500, password="y")

    entry = AuditEntry.objects.get(action="login_failed")
    assert (entry.organization_id, entry.subject_id, len(entry.label)) == (None, "", 150)


def test_a_refused_request_for_a_jwt_is_recorded_though_it_answers_401(
    technician: Membership,
) -> None:
    answer = Client().post(
        "/api/auth/token/",
        {"username": technician.user.username, "password": "wrong"},
        content_type="application/json",
    )

    assert answer.status_code == 401
    assert AuditEntry.objects.filter(action="login_failed").count() == 1
