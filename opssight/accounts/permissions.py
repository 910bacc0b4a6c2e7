"""Who may do what: one enum, one map. Pages, API, admin and tasks all ask `User.can`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import models


class Permission(StrEnum):
    """What can be allowed. `PERMISSION_TEXTS` says each one in words."""

    VIEW = "view"
    ADMIN_ENTER = "admin.enter"
    READINGS_WRITE = "readings.write"
    ASSET_EDIT = "asset.edit"
    UPTIME_EDIT = "uptime.edit"
    SITE_EDIT = "site.edit"
    ANOMALY_REVIEW = "anomaly.review"
    RECOMMENDATION_DECIDE = "recommendation.decide"
    WORK_ORDER_PLAN = "work_order.plan"
    WORK_ORDER_EXECUTE = "work_order.execute"
    SCHEDULE_EDIT = "schedule.edit"
    JOB_PLAN_EDIT = "job_plan.edit"
    STORE_EDIT = "store.edit"
    REQUEST_MAKE = "request.make"
    TECHNICIAN_EDIT = "technician.edit"
    INTEGRATION_EDIT = "integration.edit"
    MEMBER_EDIT = "member.edit"
    AUDIT_VIEW = "audit.view"
    ORGANIZATION_EDIT = "organization.edit"


PERMISSION_TEXTS: dict[Permission, str] = {
    Permission.VIEW: "See assets, readings, anomalies, forecasts and maintenance",
    Permission.ADMIN_ENTER: "Enter the admin, where plans and master data are kept",
    Permission.READINGS_WRITE: "Send readings",
    Permission.ASSET_EDIT: "Change assets, sensors and relationships",
    Permission.UPTIME_EDIT: "Record when an asset was up or down",
    Permission.SITE_EDIT: "Change sites and asset groups",
    Permission.ANOMALY_REVIEW: "Acknowledge and judge anomalies",
    Permission.RECOMMENDATION_DECIDE: "Accept or dismiss recommendations",
    Permission.WORK_ORDER_PLAN: "Create, assign and cancel work orders",
    Permission.WORK_ORDER_EXECUTE: "Start and complete work orders",
    Permission.SCHEDULE_EDIT: "Change maintenance schedules",
    Permission.JOB_PLAN_EDIT: "Change job plans, which every part of the plant uses",
    Permission.STORE_EDIT: "Change spare parts, and book what comes in and what was counted",
    Permission.REQUEST_MAKE: "Ask for work, and follow what was asked for",
    Permission.TECHNICIAN_EDIT: "Change technicians, their shifts and absences, service levels",
    Permission.INTEGRATION_EDIT: "Manage device tokens and webhooks",
    Permission.MEMBER_EDIT: "Invite people, change their roles and take them out",
    Permission.AUDIT_VIEW: "Read and export the audit trail",
    Permission.ORGANIZATION_EDIT: "Change the organization and its settings",
}

WHOLE_ORGANIZATION = frozenset(
    {
        Permission.SITE_EDIT,
        Permission.JOB_PLAN_EDIT,
        Permission.STORE_EDIT,
        Permission.TECHNICIAN_EDIT,
        Permission.INTEGRATION_EDIT,
        Permission.MEMBER_EDIT,
        Permission.AUDIT_VIEW,
        Permission.ORGANIZATION_EDIT,
    }
)
"""What a membership that covers only a part of the plant never gives."""


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    PLANNER = "planner", "Planner"
    TECHNICIAN = "technician", "Technician"
    VIEWER = "viewer", "Viewer"
    REQUESTER = "requester", "Requester"
    INTEGRATION = "integration", "Integration"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.PLANNER: frozenset(Permission)
    - {Permission.MEMBER_EDIT, Permission.AUDIT_VIEW, Permission.ORGANIZATION_EDIT},
    Role.TECHNICIAN: frozenset(
        {
            Permission.VIEW,
            Permission.ANOMALY_REVIEW,
            Permission.WORK_ORDER_EXECUTE,
            Permission.REQUEST_MAKE,
        }
    ),
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.REQUESTER: frozenset({Permission.REQUEST_MAKE}),
    Role.INTEGRATION: frozenset(
        {Permission.VIEW, Permission.READINGS_WRITE, Permission.UPTIME_EDIT}
    ),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """What one membership allows in one organization.

    `membership` is None while platform staff act as a member. `is_whole`: all of the
    organization, else the sites, groups and assets of the membership's access scopes.
    """

    organization: int
    permissions: frozenset[Permission]
    membership: int | None = None
    is_whole: bool = True

    def allows(self, permission: Permission) -> bool:
        return permission in self.permissions and (
            self.is_whole or permission not in WHOLE_ORGANIZATION
        )


def known(names: Iterable[str]) -> frozenset[Permission]:
    """The permissions of these names; a name that an older version knew is left out."""
    return frozenset(Permission(name) for name in names if name in set(Permission))
