"""What planners keep up in the admin; each part of maintenance registers its own."""

from maintenance.admin import orders, schedules

__all__ = ["orders", "schedules"]
