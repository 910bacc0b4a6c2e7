"""What makes the product an app on a phone: its manifest, its service worker, its offline page."""

import hashlib
import json

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

ICONS = (("192", "any"), ("512", "any"), ("512", "maskable"))
SHELL = (
    "css/opssight.css",
    "css/components.css",
    "css/field.css",
    "img/logo.svg",
    "js/theme.js",
    "js/offline/account.js",
    "js/offline/card.js",
    "js/offline/clash.js",
    "js/offline/db.js",
    "js/offline/dom.js",
    "js/offline/field.js",
    "js/offline/forms.js",
    "js/offline/overlay.js",
    "js/offline/queue.js",
    "js/offline/redraw.js",
    "js/offline/send.js",
    "js/offline/state.js",
    "js/offline/store.js",
    "js/offline/waiting.js",
    "vendor/icons.svg",
    "vendor/inter-latin.woff2",
    "vendor/tabler.min.css",
)
"""The files of the page My work, and of the page that says that there is no connection."""
WORKER = "js/offline/worker.js"


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to know to install the product (W3C Web Application Manifest)."""
    icons = [
        {
            "src": static(f"img/app-{size}{'-maskable' if purpose == 'maskable' else ''}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size, purpose in ICONS
    ]
    about = {
        "id": "/",
        "name": "OpsSight",
        "short_name": "OpsSight",
        "description": "Maintenance work, with and without a connection.",
        "start_url": reverse("maintenance:my_work"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#15202c",
        "theme_color": "#15202c",
        "icons": icons,
    }
    return JsonResponse(about, content_type="application/manifest+json")


@require_safe
@csp_replace({"default-src": [NONE], "script-src": [SELF], "connect-src": [SELF]})
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its text differs by the hashes of its files, so a new version is seen."""
    shell = [static(name) for name in SHELL]
    version = hashlib.sha256("\n".join([*shell, static(WORKER)]).encode()).hexdigest()[:12]
    said = {
        "version": version,
        "files": shell,
        "offline": reverse("offline"),
        "page": reverse("maintenance:my_work"),
    }
    code = f'import {{ serve }} from "{static(WORKER)}";\nserve({json.dumps(said)});\n'
    return HttpResponse(code, content_type="text/javascript")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Shown in the place of a page that is not stored on the phone."""
    return render(request, "offline.html")
