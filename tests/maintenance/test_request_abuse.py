"""What a stranger may try at the public form, beyond what its own tests send."""

import gzip
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from maintenance.forms.requests import opened
from maintenance.models import Attachment, RequestPoint, WorkRequest
from maintenance.services import requests
from opssight.accounts.models import Membership
from tests.factories import NOON, AssetFactory
from tests.maintenance.files import giant_png

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(planner: Membership) -> RequestPoint:
    return requests.open_point(asset=AssetFactory.create(organization=planner.organization))


def send(point: RequestPoint, **more: Any) -> Any:
    with time_machine.travel(NOON, tick=False):
        body = {"title": "It drips", "opened": opened(NOON - timedelta(seconds=10)), **more}
        return Client().post(point.get_absolute_url(), body)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("vast.png", giant_png(), "million pixels"),
        ("bomb.jpg", gzip.compress(bytes(1_000_000)), "bomb.jpg"),
        ("parts.csv", b"number,name\n1,2\n", "is no photo"),
        ("leak.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "leak.svg"),
    ],
)
def test_bombs_and_files_that_are_no_photos_leave_nothing(
    name: str, content: bytes, word: str, point: RequestPoint
) -> None:
    answer = send(point, photos=[SimpleUploadedFile(name, content)])

    assert answer.status_code == 422
    assert word in answer.text
    assert not WorkRequest.objects.exists()
    assert not Attachment.objects.exists()


def test_a_compressed_body_is_refused_unread(point: RequestPoint) -> None:
    answer = Client().post(
        point.get_absolute_url(),
        gzip.compress(b"title=" + bytes(1_000_000)),
        content_type="application/x-www-form-urlencoded",
        headers={"Content-Encoding": "gzip"},
    )

    assert answer.status_code == 415


def test_a_form_of_yesterday_is_shown_anew(point: RequestPoint) -> None:
    answer = send(point, opened=opened(NOON - timedelta(days=1)))

    assert answer.status_code == 422
    assert "send it again" in answer.text
