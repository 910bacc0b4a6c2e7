from django.urls import path

from telemetry.views import comparisons, policy, quality, sensor_names, signals, unmapped

app_name = "telemetry"
urlpatterns = [
    path("comparisons/", comparisons.comparison_list, name="comparisons"),
    path("comparisons/new/", comparisons.new_comparison, name="new_comparison"),
    path("comparisons/<int:pk>/", comparisons.comparison, name="comparison"),
    path("comparisons/<int:pk>/data/", comparisons.comparison_data, name="comparison_data"),
    path("comparisons/<int:pk>/edit/", comparisons.edit_comparison, name="edit_comparison"),
    path("comparisons/<int:pk>/delete/", comparisons.delete_comparison, name="delete_comparison"),
    path("comparisons/<int:pk>/lines/new/", comparisons.new_line, name="new_line"),
    path("comparisons/lines/<int:pk>/remove/", comparisons.remove_line, name="remove_line"),
    path("quality/", quality.quality_list, name="quality"),
    path("quality/of-asset/<int:pk>/", quality.quality_of_asset, name="quality_of_asset"),
    path("sensor-names/", sensor_names.offered, name="sensor_names"),
    path("unmapped/", unmapped.unmapped, name="unmapped"),
    path("unmapped/drop/", unmapped.drop, name="drop"),
    path("unmapped/<int:pk>/", unmapped.map_one, name="map"),
    path("signals/", signals.signal_list, name="signals"),
    path("signals/new/", signals.new, name="new_signal"),
    path("signals/<int:pk>/", signals.edit, name="signal"),
    path("signals/<int:pk>/delete/", signals.delete, name="delete_signal"),
    path("rules/", policy.policy, name="policy"),
]
