from django.urls import path

from anomalies.views import anomalies, evaluation, evidence, incidents, limits, sensors

app_name = "anomalies"
urlpatterns = [
    path("", anomalies.anomaly_list, name="list"),
    path("timeline/", anomalies.timeline, name="timeline"),
    path("<int:pk>/", anomalies.detail, name="detail"),
    path("<int:pk>/values/", evidence.values, name="values"),
    path("<int:pk>/scores/", evidence.scores, name="scores"),
    path("<int:pk>/review/", anomalies.review, name="review"),
    path("of-asset/<int:pk>/", anomalies.of_asset, name="of_asset"),
    path("incidents/", incidents.incident_list, name="incidents"),
    path("incidents/<int:pk>/", incidents.detail, name="incident"),
    path("incidents/<int:pk>/timeline/", incidents.timeline, name="incident_timeline"),
    path("evaluation/", evaluation.show, name="evaluation"),
    path("sensors/<int:pk>/", sensors.show, name="sensor"),
    path("sensors/<int:pk>/watch/", sensors.watch, name="watch"),
    path("sensors/<int:pk>/label/", sensors.label, name="label"),
    path("sensors/<int:pk>/limits/", limits.edit, name="limits"),
    path("sensors/<int:pk>/limits/template/", limits.use_template, name="use_template"),
    path("limit-templates/", limits.template_list, name="limit_templates"),
    path("limit-templates/standard/", limits.add_standard, name="add_standard"),
    path("limit-templates/<int:pk>/", limits.template, name="limit_template"),
    path("limit-templates/<int:pk>/apply/", limits.apply, name="apply_template"),
    path("labels/<int:pk>/remove/", sensors.remove_label, name="remove_label"),
]
