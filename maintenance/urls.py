from django.urls import path

from maintenance import views

app_name = "maintenance"
urlpatterns = [
    path("recommendations/", views.recommendations, name="recommendations"),
    path("recommendations/<int:pk>/", views.recommendation, name="recommendation"),
    path("recommendations/<int:pk>/accept/", views.accept, name="accept"),
    path("recommendations/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("work-orders/", views.work_orders, name="work_orders"),
    path("work-orders/new/", views.new_work_order, name="new_work_order"),
    path("work-orders/<int:pk>/", views.work_order, name="work_order"),
    path("work-orders/<int:pk>/start/", views.start, name="start"),
    path("work-orders/<int:pk>/complete/", views.complete, name="complete"),
    path("work-orders/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("history/", views.history, name="history"),
    path("of-asset/<int:pk>/", views.of_asset, name="of_asset"),
]
