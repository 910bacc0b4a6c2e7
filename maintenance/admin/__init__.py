"""What planners keep up in the admin; each part of maintenance registers its own."""

from maintenance.admin import orders, plans, schedules, store

__all__ = ["orders", "plans", "schedules", "store"]
