from django.urls import path

from anomalies.views import anomalies, evaluation, incidents, sensors

app_name = "anomalies"
urlpatterns = [
    path("", anomalies.anomaly_list, name="list"),
    path("timeline/", anomalies.timeline, name="timeline"),
    path("<int:pk>/", anomalies.detail, name="detail"),
    path("<int:pk>/review/", anomalies.review, name="review"),
    path("of-asset/<int:pk>/", anomalies.of_asset, name="of_asset"),
    path("incidents/", incidents.incident_list, name="incidents"),
    path("incidents/<int:pk>/", incidents.detail, name="incident"),
    path("incidents/<int:pk>/timeline/", incidents.timeline, name="incident_timeline"),
    path("evaluation/", evaluation.show, name="evaluation"),
    path("sensors/<int:pk>/", sensors.show, name="sensor"),
    path("sensors/<int:pk>/watch/", sensors.watch, name="watch"),
    path("sensors/<int:pk>/label/", sensors.label, name="label"),
    path("labels/<int:pk>/remove/", sensors.remove_label, name="remove_label"),
]
