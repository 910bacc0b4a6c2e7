from django.urls import path

from opssight.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.home, name="home"),
    path("charts/sensors/<int:pk>/", views.sensor_chart, name="sensor_chart"),
]
