"""What the templates in templates/components need and Django does not have."""

import math
from decimal import Decimal
from typing import Any

from django import forms, template
from django.core.paginator import Paginator
from django.forms import BoundField
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

register = template.Library()


@register.simple_tag(takes_context=True)
def current(context: Context, url_name: str) -> str:
    """Value for aria-current on the link to `url_name`.

    "page" on the page itself, "true" on a page below it, "" elsewhere.
    """
    request = context.get("request")
    if not isinstance(request, HttpRequest):
        return ""
    try:
        href = reverse(url_name)
    except NoReverseMatch:
        return ""
    if request.path == href:
        return "page"
    return "true" if href != "/" and request.path.startswith(href) else ""


@register.filter
def may(user: User, permission: str) -> bool:
    """Whether the signed-in person may do this somewhere: `user|may:"integration.edit"`."""
    return user.can_somewhere(Permission(permission))


@register.filter
def initials(name: object) -> str:
    """One or two letters that stand for a person: "Ana Ruiz" gives "AR".

    >>> initials("Ana María Ruiz"), initials("planner"), initials("")
    ('AR', 'P', '?')
    """
    words = str(name).split()
    letters = [word[0].upper() for word in (words[:1] + words[1:][-1:])]
    return "".join(letters) or "?"


@register.filter
def risk_level(score: float | None) -> str:
    """The word for a risk score from 0 to 100: low, medium, high or critical.

    >>> [risk_level(score) for score in (None, 0, 20, 40, 59.9, 60)]
    ['unknown', 'low', 'medium', 'high', 'high', 'critical']
    """
    if score is None:
        return "unknown"
    if score >= 60:
        return "critical"
    if score >= 40:
        return "high"
    return "medium" if score >= 20 else "low"


@register.filter
def control(field: BoundField) -> SafeString:
    """The widget of a form field with Tabler's class for its kind."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    classes = f"{name} {widget.attrs.get('class', '')}".strip()
    return field.as_widget(attrs={"class": classes})


@register.filter
def page_range(paginator: "Paginator[Any]", number: int) -> list[int | str]:
    """Page numbers to offer around page `number`, with an ellipsis for those left out."""
    return list(paginator.get_elided_page_range(number, on_each_side=1, on_ends=1))


@register.filter
def sort_direction(order: str | None, field: str) -> str:
    """Value for aria-sort on the heading of `field` when the list is ordered by `order`.

    >>> sort_direction("-name", "name"), sort_direction("name", "name"), sort_direction("", "name")
    ('descending', 'ascending', '')
    """
    return {field: "ascending", f"-{field}": "descending"}.get(order or "", "")


@register.filter
def next_order(order: str | None, field: str) -> str:
    """The order a click on the heading of `field` asks for.

    >>> next_order("name", "name"), next_order("-name", "name"), next_order("", "name")
    ('-name', 'name', 'name')
    """
    return f"-{field}" if order == field else field


@register.filter
def figure(value: float | None) -> str:
    """A measured value with four significant digits, and never less than its whole part.

    >>> figure(78.2), figure(13155.83), figure(0.012346), figure(0), figure(-6.4), figure(None)
    ('78.2', '13,156', '0.01235', '0', '-6.4', '–')
    >>> figure(2.5e-9), figure(float("inf"))
    ('2.5e-09', 'inf')
    """
    if value is None:
        return "–"
    if not math.isfinite(value) or 0 < abs(value) < 1e-4 or abs(value) >= 1e15:
        return f"{value:.4g}"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    leading = 0 if whole or not value else math.floor(-math.log10(abs(value)))
    text = f"{value:,.{max(0, 4 - whole + leading)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def amount(value: Decimal) -> str:
    """A quantity without the zeros that say nothing.

    >>> amount(Decimal("1.500")), amount(Decimal("1200.000")), amount(Decimal("-2"))
    ('1.5', '1,200', '-2')
    """
    return f"{value.normalize():,f}"


@register.filter
def hours(minutes: float) -> str:
    """A time in minutes as it is said: under an hour in minutes, else in hours.

    >>> hours(0), hours(45), hours(60), hours(95), hours(2400)
    ('0 h', '45 min', '1 h', '1.6 h', '40 h')
    """
    if 0 < minutes < 60:
        return f"{round(minutes)} min"
    return f"{round(minutes / 60, 1):g} h"


@register.filter
def load(booked: float, capacity: float) -> str:
    """Booked minutes against what there is, in hours.

    >>> load(750, 2400), load(45, 0)
    ('12.5 of 40 h', '0.8 of 0 h')
    """
    return f"{round(booked / 60, 1):g} of {round(capacity / 60, 1):g} h"


@register.filter
def whole(score: float) -> int:
    """A score without its fraction, cut and not rounded: 59.6 is still "high", so it reads 59.

    >>> whole(59.6)
    59
    """
    return math.floor(score)


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 in percent, with one decimal. What is not all of it never reads 100.0.

    >>> percent(0.9731), percent(0.99956), percent(0.999999), percent(1.0)
    ('97.3 %', '99.96 %', '99.99 %', '100.0 %')
    """
    text = f"{share * 100:.1f}"
    if text == "100.0" and share < 1:
        text = f"{min(share * 100, 99.99):.2f}"
    return f"{text} %"
