"""What planners keep up in the admin; each part of maintenance registers its own."""

from maintenance.admin import documents, orders, people, plans, recommendations, schedules, store

__all__ = ["documents", "orders", "people", "plans", "recommendations", "schedules", "store"]
