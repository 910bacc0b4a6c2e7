from django.urls import path

from opssight.access.views import act_as, devices, invitations, members, roles, tokens

app_name = "access"
urlpatterns = [
    path("members/", members.member_list, name="members"),
    path("members/<int:pk>/", members.member, name="member"),
    path("members/<int:pk>/take-out/", members.take_out, name="take_out"),
    path("roles/", roles.matrix, name="roles"),
    path("roles/new/", roles.new, name="new_role"),
    path("roles/<int:pk>/", roles.role, name="role"),
    path("roles/<int:pk>/delete/", roles.delete, name="delete_role"),
    path("invitations/", invitations.invitation_list, name="invitations"),
    path("invitations/accept/", invitations.accept, name="accept"),
    path("invitations/<int:pk>/revoke/", invitations.revoke, name="revoke_invitation"),
    path("tokens/", tokens.token_list, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
    path("devices/", devices.device_list, name="devices"),
    path("devices/new/", devices.new, name="new_device"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/rotate/", devices.rotate, name="rotate_device"),
    path("devices/<int:pk>/revoke/", devices.revoke, name="revoke_device"),
    path("act-as/", act_as.act_as, name="act_as"),
    path("act-as/stop/", act_as.stop, name="stop_acting"),
]
