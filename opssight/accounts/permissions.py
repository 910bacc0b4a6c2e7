"""Who may do what: one enum, one map. Pages, API, admin and tasks all ask `User.can`."""

from enum import StrEnum

from django.db import models


class Permission(StrEnum):
    VIEW = "view"
    ADMIN_ENTER = "admin.enter"
    READINGS_WRITE = "readings.write"
    ASSET_EDIT = "asset.edit"
    ANOMALY_REVIEW = "anomaly.review"
    RECOMMENDATION_DECIDE = "recommendation.decide"
    WORK_ORDER_PLAN = "work_order.plan"
    WORK_ORDER_EXECUTE = "work_order.execute"
    SCHEDULE_EDIT = "schedule.edit"
    TECHNICIAN_EDIT = "technician.edit"
    ORGANIZATION_EDIT = "organization.edit"


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    PLANNER = "planner", "Planner"
    TECHNICIAN = "technician", "Technician"
    VIEWER = "viewer", "Viewer"
    REQUESTER = "requester", "Requester"
    INTEGRATION = "integration", "Integration"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.PLANNER: frozenset(Permission) - {Permission.ORGANIZATION_EDIT},
    Role.TECHNICIAN: frozenset(
        {Permission.VIEW, Permission.ANOMALY_REVIEW, Permission.WORK_ORDER_EXECUTE}
    ),
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.REQUESTER: frozenset(),
    Role.INTEGRATION: frozenset({Permission.VIEW, Permission.READINGS_WRITE}),
}


def roles_with(permission: Permission) -> list[Role]:
    return [role for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]
