from django.urls import path

from opssight.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.trail, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
    path("export.<str:file_format>", views.export, name="export"),
]
