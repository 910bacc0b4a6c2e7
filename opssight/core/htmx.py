from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from opssight.core.http import UserRequest


def render_fragment(
    request: UserRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render the one `{% partialdef %}` that htmx targets by its id, else the whole page."""
    if request.htmx.target == fragment.replace("_", "-"):
        template = f"{template}#{fragment}"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
