from django.urls import path

from notifications.views import inbox, webhooks

app_name = "notifications"
urlpatterns = [
    path("", inbox.panel, name="panel"),
    path("badge/", inbox.badge, name="badge"),
    path("read/", inbox.read_all, name="read_all"),
    path("<int:pk>/read/", inbox.read, name="read"),
    path("webhooks/", webhooks.index, name="webhooks"),
    path("webhooks/new/", webhooks.new, name="new_webhook"),
    path("webhooks/<int:pk>/", webhooks.show, name="webhook"),
    path("webhooks/<int:pk>/edit/", webhooks.edit, name="edit_webhook"),
    path("webhooks/<int:pk>/secret/", webhooks.rotate_secret, name="rotate_secret"),
    path("webhooks/<int:pk>/test/", webhooks.test, name="test_webhook"),
    path("webhooks/<int:pk>/pause/", webhooks.pause, name="pause_webhook"),
    path("webhooks/<int:pk>/resume/", webhooks.resume, name="resume_webhook"),
    path("webhooks/<int:pk>/delete/", webhooks.delete, name="delete_webhook"),
    path("webhooks/<int:pk>/replay/", webhooks.replay_all, name="replay_webhook"),
    path("webhooks/deliveries/<int:pk>/", webhooks.delivery, name="webhook_delivery"),
    path("webhooks/deliveries/<int:pk>/replay/", webhooks.replay, name="replay_delivery"),
]
