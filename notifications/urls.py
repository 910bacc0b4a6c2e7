from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.panel, name="panel"),
    path("badge/", views.badge, name="badge"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/read/", views.read, name="read"),
]
