from django.urls import path

from anomalies import views

app_name = "anomalies"
urlpatterns = [
    path("", views.anomaly_list, name="list"),
    path("timeline/", views.timeline, name="timeline"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/review/", views.review, name="review"),
    path("of-asset/<int:pk>/", views.of_asset, name="of_asset"),
]
