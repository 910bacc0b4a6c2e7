"""What the templates in templates/components need and Django does not have."""

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

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

    >>> [risk_level(score) for score in (None, 0, 25, 50, 74.9, 75)]
    ['unknown', 'low', 'medium', 'high', 'high', 'critical']
    """
    if score is None:
        return "unknown"
    if score >= 75:
        return "critical"
    if score >= 50:
        return "high"
    return "medium" if score >= 25 else "low"
