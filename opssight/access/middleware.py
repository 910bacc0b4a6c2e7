from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from opssight.access.models import StaffAccess
from opssight.access.services import staff
from opssight.accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]
SESSION_KEY = "staff_access"


class ActAsMiddleware:
    """Lets platform staff act in the organization that they chose, until they stop or it ends.

    Stands inside the walls (after WallsMiddleware), whose user it changes. Sets
    `request.staff_access`, which the banner shows.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.staff_access = self._access(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def _access(self, request: HttpRequest) -> StaffAccess | None:
        # The session is not asked for where nobody is signed in: that would cost a query.
        if not isinstance(request.user, User) or SESSION_KEY not in request.session:
            return None
        access = staff.act(
            user=request.user, access_id=request.session[SESSION_KEY], at=timezone.now()
        )
        if access is None:
            del request.session[SESSION_KEY]
        return access
