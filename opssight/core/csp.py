"""The content security policy: what a page may load and run, and what it may be put into.

Nothing that is written into a page runs: scripts and styles come from files of our own, or carry
the nonce of the answer (`request.csp_nonce`). What the admin and the API's documentation need on
top is granted to their paths alone; docs/security.md says why.
"""

from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Data is read by programs: whatever a browser makes of it loads and runs nothing.
DATA: dict[str, list[str] | None] = {
    **dict.fromkeys(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]),
    **{name: [NONE] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")},
}
GRANTS: dict[str, dict[str, list[Any]]] = {
    # Alpine, which Unfold is built on, evaluates the expressions in its templates.
    "/admin/": {"script-src": [SELF, NONCE, UNSAFE_EVAL]},
    # ReDoc searches in a worker that it makes itself.
    "/api/redoc": {"worker-src": ["blob:"]},
}


class ContentSecurityPolicy(CSPMiddleware):
    """Gives each answer the policy of its kind: page, data, or a page with a grant."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 as django-csp calls it
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.replace is None:
            parts.replace = _policy_of(request, response)
        return parts


def _policy_of(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    if not response.get("Content-Type", "").startswith("text/html"):
        return DATA
    for prefix, grant in GRANTS.items():
        if request.path_info.startswith(prefix):
            return grant
    if settings.FORM_ACTION_ORIGINS:
        return {"form-action": [SELF, *settings.FORM_ACTION_ORIGINS]}
    return {}
