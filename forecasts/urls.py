from django.urls import path

from forecasts.views import risk

app_name = "forecasts"
urlpatterns = [
    path("", risk.risk_ranking, name="risk"),
    path("of-asset/<int:pk>/", risk.of_asset, name="of_asset"),
]
