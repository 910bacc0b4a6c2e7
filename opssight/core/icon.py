from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Pages that name no icon of their own, such as the browsable API, are asked for this one."""
    return redirect(static("img/logo.svg"), permanent=True)
