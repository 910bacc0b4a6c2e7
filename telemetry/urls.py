from django.urls import path

from telemetry.views import policy, quality, signals, unmapped

app_name = "telemetry"
urlpatterns = [
    path("quality/", quality.quality_list, name="quality"),
    path("quality/of-asset/<int:pk>/", quality.quality_of_asset, name="quality_of_asset"),
    path("unmapped/", unmapped.unmapped, name="unmapped"),
    path("unmapped/drop/", unmapped.drop, name="drop"),
    path("unmapped/<int:pk>/", unmapped.map_one, name="map"),
    path("signals/", signals.signal_list, name="signals"),
    path("signals/new/", signals.new, name="new_signal"),
    path("signals/<int:pk>/", signals.edit, name="signal"),
    path("signals/<int:pk>/delete/", signals.delete, name="delete_signal"),
    path("rules/", policy.policy, name="policy"),
]
