from django.urls import path

from forecasts import views

app_name = "forecasts"
urlpatterns = [
    path("", views.risk_ranking, name="risk"),
    path("of-asset/<int:pk>/", views.of_asset, name="of_asset"),
]
