from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from opssight.core import health, icon, pwa
from telemetry.api.write import ping

handler400 = "opssight.core.api.problems.bad_request"
handler429 = "opssight.accounts.limits.too_many"
handler500 = "opssight.core.api.problems.server_error"

urlpatterns = [
    path("favicon.ico", icon.favicon, name="favicon"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.worker, name="worker"),
    path("offline/", pwa.offline, name="offline"),
    path("admin/", admin.site.urls),
    path("", include("opssight.accounts.urls")),
    path("health/live", health.live, name="health-live"),
    re_path(r"^ping/?$", ping, name="ping"),
    re_path(r"^api/v2/ping/?$", ping, name="api-ping"),
    path("health/ready", health.ready, name="health-ready"),
    re_path(r"^api/health/?$", health.ready, name="api-health"),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    re_path(r"^api/redoc/?$", SpectacularRedocView.as_view(url_name="schema"), name="redoc"),
    path("api/", include("opssight.api")),
    path("", include("opssight.dashboard.urls")),
    path("access/", include("opssight.access.urls")),
    path("assets/", include("assets.urls")),
    path("anomalies/", include("anomalies.urls")),
    path("risk/", include("forecasts.urls")),
    path("maintenance/", include("maintenance.urls")),
    path("request/", include("maintenance.urls_public")),
    path("telemetry/", include("telemetry.urls")),
    path("notifications/", include("notifications.urls")),
    path("audit/", include("opssight.audit.urls")),
]
