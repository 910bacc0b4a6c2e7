from django.urls import path

from forecasts.views import lives, matrix, portfolio, risk, sensors, versions

app_name = "forecasts"
urlpatterns = [
    path("", risk.risk_ranking, name="risk"),
    path("matrix/", matrix.matrix, name="matrix"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("what-if/", portfolio.what_if, name="what_if"),
    path("of-asset/<int:pk>/", risk.of_asset, name="of_asset"),
    path("limits/of-asset/<int:pk>/", sensors.limits_of_asset, name="limits_of_asset"),
    path("of-sensor/<int:pk>/", sensors.of_sensor, name="of_sensor"),
    path("life-of-asset/<int:pk>/", lives.of_asset, name="life_of_asset"),
    path("models/", versions.models, name="models"),
    path("models/<int:pk>/", versions.model, name="model"),
    path("how-right/", lives.how_right, name="how_right"),
]
