from django.urls import path

from notifications.views import inbox

app_name = "notifications"
urlpatterns = [
    path("", inbox.panel, name="panel"),
    path("badge/", inbox.badge, name="badge"),
    path("read/", inbox.read_all, name="read_all"),
    path("<int:pk>/read/", inbox.read, name="read"),
]
