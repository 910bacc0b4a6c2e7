"""The routes sorted, so that each kind is a test of its own, and who asks them."""

from tests.isolation.routes import Route, routes

OBSERVERS = (
    "admin",
    "planner",
    "technician",
    "viewer",
    "requester",
    "integration",
    "custom role",
    "part",
    "member of two",
    "superuser",
    "anonymous",
)
KINDS = ("api", "admin", "pages")
# Platform staff choose there where to act, out of all organizations.
STAFF_SEE = {"access:act_as"}


def of_kind(kind: str, observer: str = "") -> list[Route]:
    return [
        route
        for route in routes()
        if kind == _kind(route) and not (observer == "superuser" and route.name in STAFF_SEE)
    ]


def _kind(route: Route) -> str:
    if route.is_api:
        return "api"
    return "admin" if route.is_admin else "pages"
