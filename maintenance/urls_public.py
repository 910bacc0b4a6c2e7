"""Where labels and links lead: pages without a sign-in."""

from django.urls import path

from maintenance.views import public

app_name = "request"
urlpatterns = [
    path("<str:key>/", public.form, name="form"),
    path("follow/<str:key>/", public.follow, name="follow"),
    path("follow/<str:key>/stop/", public.stop, name="stop"),
]
