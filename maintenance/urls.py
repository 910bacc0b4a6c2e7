from django.urls import path

from maintenance.views import (
    files,
    history,
    order_comments,
    order_downtime,
    order_files,
    order_lines,
    order_links,
    recommendations,
    store,
    work,
    work_orders,
)
from maintenance.workflow import BY_NAME

app_name = "maintenance"
urlpatterns = [
    path("recommendations/", recommendations.recommendations, name="recommendations"),
    path("recommendations/<int:pk>/", recommendations.recommendation, name="recommendation"),
    path("recommendations/<int:pk>/accept/", recommendations.accept, name="accept"),
    path("recommendations/<int:pk>/dismiss/", recommendations.dismiss, name="dismiss"),
    path("recommendations/<int:pk>/snooze/", recommendations.snooze, name="snooze"),
    path("recommendations/<int:pk>/wake/", recommendations.wake, name="wake"),
    path("recommendations/<int:pk>/judge/", recommendations.judge, name="judge"),
    path("work-orders/", work_orders.work_orders, name="work_orders"),
    path("work-orders/new/", work_orders.new_work_order, name="new_work_order"),
    path("work-orders/<int:pk>/", work_orders.work_order, name="work_order"),
    path("work-orders/<int:pk>/complete/", work.complete, name="complete"),
    path("work-orders/<int:pk>/sign/", work.sign, name="sign"),
    path("work-orders/<int:pk>/follow-up/", work.follow_up, name="follow_up"),
    path("work-orders/<int:pk>/assets/", order_lines.add, name="add_line"),
    path("work-order-lines/<int:pk>/", order_lines.decide, name="decide_line"),
    path("work-order-lines/<int:pk>/remove/", order_lines.remove, name="remove_line"),
    path("work-orders/<int:pk>/downtime/", order_downtime.enter, name="enter_downtime"),
    path("work-orders/<int:pk>/downtime/link/", order_downtime.link, name="link_downtime"),
    path("downtimes/<int:pk>/unlink/", order_downtime.unlink, name="unlink_downtime"),
    path("work-orders/<int:pk>/files/", order_files.files, name="order_files"),
    path("work-orders/<int:pk>/comments/", order_comments.order_comments, name="order_comments"),
    path("comments/<int:pk>/take-back/", order_comments.take_back, name="take_back_comment"),
    path("files/<int:pk>/", files.file, name="file"),
    path("files/<int:pk>/thumbnail/", files.thumbnail, name="thumbnail"),
    path("files/<int:pk>/remove/", order_files.remove, name="remove_file"),
    path("work-orders/<int:pk>/block/", order_links.block, name="block"),
    path("work-orders/<int:pk>/parent/", order_links.set_parent, name="set_parent"),
    path("work-order-blocks/<int:pk>/remove/", order_links.unblock, name="unblock"),
    *(
        path(f"work-orders/<int:pk>/{name}/", work.move, {"name": name}, name=name)
        for name in BY_NAME
        if name != "complete"
    ),
    path("store/", store.store, name="store"),
    path("store/new/", store.new_part, name="new_part"),
    path("store/<int:pk>/", store.part, name="part"),
    path("store/<int:pk>/edit/", store.edit_part, name="edit_part"),
    path("store/<int:pk>/receive/", store.receive, name="receive_part"),
    path("store/<int:pk>/count/", store.count, name="count_part"),
    path("history/", history.history, name="history"),
    path("of-asset/<int:pk>/", history.of_asset, name="of_asset"),
]
