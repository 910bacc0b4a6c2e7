from django.urls import path

from maintenance.views import history, recommendations, store, work_orders

app_name = "maintenance"
urlpatterns = [
    path("recommendations/", recommendations.recommendations, name="recommendations"),
    path("recommendations/<int:pk>/", recommendations.recommendation, name="recommendation"),
    path("recommendations/<int:pk>/accept/", recommendations.accept, name="accept"),
    path("recommendations/<int:pk>/dismiss/", recommendations.dismiss, name="dismiss"),
    path("work-orders/", work_orders.work_orders, name="work_orders"),
    path("work-orders/new/", work_orders.new_work_order, name="new_work_order"),
    path("work-orders/<int:pk>/", work_orders.work_order, name="work_order"),
    path("work-orders/<int:pk>/start/", work_orders.start, name="start"),
    path("work-orders/<int:pk>/complete/", work_orders.complete, name="complete"),
    path("work-orders/<int:pk>/cancel/", work_orders.cancel, name="cancel"),
    path("store/", store.store, name="store"),
    path("store/new/", store.new_part, name="new_part"),
    path("store/<int:pk>/", store.part, name="part"),
    path("store/<int:pk>/edit/", store.edit_part, name="edit_part"),
    path("store/<int:pk>/receive/", store.receive, name="receive_part"),
    path("store/<int:pk>/count/", store.count, name="count_part"),
    path("history/", history.history, name="history"),
    path("of-asset/<int:pk>/", history.of_asset, name="of_asset"),
]
