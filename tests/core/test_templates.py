"""The shell and the components: what every page relies on, and what no template may do."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.html import strip_tags

from opssight.runtime import frontend

ROOT = Path(settings.BASE_DIR)
APPS = ("opssight", "assets", "maintenance", "anomalies", "forecasts", "notifications")
TEMPLATES = sorted(
    path
    for folder in ("templates", *APPS)
    for path in (ROOT / folder).rglob("*.html")
    if "admin" not in path.parts
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_inline_code_or_style(path: Path):
    text = re.sub(r"{%.*?%}", "", path.read_text("utf-8"))

    assert not re.search(r"<style|\sstyle=", text)
    assert not re.search(r"\son[a-z]+=\"|hx-on|javascript:", text)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_names_only_icons_of_the_sprite(path: Path):
    text = path.read_text("utf-8")
    named = re.findall(r"components/icon\.html\" with name=\"([^\"]+)\"", text)
    named += re.findall(r"\bicon=\"([^\"]+)\"", text)

    assert set(named) <= set(frontend.ICONS.read_text("utf-8").split())


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500"])
def test_an_error_page_needs_no_request_and_no_database(code: str):
    page = render_to_string(f"{code}.html")

    assert f"Status {code[:3]}" in " ".join(page.split())
    assert 'href="/"' in page


@pytest.mark.django_db
def test_the_sign_in_page_shows_the_demo_logins_only_in_demo_mode(client: Client, settings):
    settings.DEMO = False
    assert "opssight-demo" not in client.get("/login/").text

    settings.DEMO = True
    assert "opssight-demo" in client.get("/login/").text


@pytest.mark.django_db
def test_a_wrong_password_is_said_above_the_form(client: Client):
    page = client.post("/login/", {"login": "nobody", "password": "wrong"}).text

    assert 'role="alert"' in page
    assert "do not belong together" in page


class OrderForm(forms.Form):
    technician = forms.ChoiceField(choices=[("1", "Ana")])
    minutes = forms.IntegerField(min_value=0, help_text="Working time.")
    stop = forms.BooleanField(required=False)


def _field(name: str, data: dict[str, str] | None = None) -> str:
    return render_to_string("components/field.html", {"field": OrderForm(data)[name]})


def test_a_field_gets_the_class_of_its_kind():
    assert 'class="form-select"' in _field("technician")
    assert 'class="form-control"' in _field("minutes")
    assert 'class="form-check-input"' in _field("stop")


def test_an_invalid_field_is_described_by_its_error_and_its_help():
    html = _field("minutes", {"minutes": "-5"})

    assert 'aria-invalid="true"' in html
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    for target in described[1].split():
        assert f'id="{target}"' in html


def test_pages_keep_the_rest_of_the_query_string():
    request = RequestFactory().get("/assets/", {"q": "pump", "page": "2"})
    page = Paginator(range(100), 25).get_page(2)

    html = render_to_string("components/pagination.html", {"page": page}, request=request)

    assert 'href="?q=pump&amp;page=3"' in html
    assert "26–50 of 100" in html


def test_a_heading_turns_the_order_round_and_goes_back_to_the_first_page():
    request = RequestFactory().get("/assets/", {"order": "name", "page": "3"})
    context = {"field": "name", "label": "Name", "order": "name"}

    html = render_to_string("components/sort.html", context, request=request)

    assert 'aria-sort="ascending"' in html
    assert 'href="?order=-name"' in html


@pytest.mark.parametrize(("score", "words"), [(None, "Not scored yet"), (0, "Low"), (100, "Crit")])
def test_a_risk_is_said_in_a_word_too(score: float | None, words: str):
    assert words in render_to_string("components/risk.html", {"score": score})


def test_a_time_is_shown_in_the_current_zone_and_marked_up_in_utc():
    at = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)

    with timezone.override("Asia/Kolkata"):
        html = render_to_string("components/time.html", {"at": at})

    assert 'datetime="2026-07-01T22:30:00+00:00"' in html
    assert strip_tags(html).split() == ["Jul", "2,", "2026", "04:00"]


def test_text_from_people_is_escaped_in_chart_data():
    data = {"label": "</script><script>alert(1)</script>", "points": []}
    context = {"kind": "series", "id": "signal", "data": data, "label": "Signal"}

    html = render_to_string("components/chart.html", context)

    assert "alert(1)</script>" not in html
