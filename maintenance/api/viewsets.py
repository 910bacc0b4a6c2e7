from drf_spectacular.utils import extend_schema_view

from maintenance.api import filters
from maintenance.api.people import TechnicianSerializer
from maintenance.models import Technician
from opssight.accounts.permissions import Permission
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import CrudTenantViewSet, edits


@extend_schema_view(**describe("technician", "technicians", crud=True))
class TechnicianViewSet(CrudTenantViewSet):
    """The people who do the work. One with work cannot be deleted: set `is_active` to false."""

    queryset = Technician.objects.select_related("user")
    serializer_class = TechnicianSerializer
    write_permissions = edits(Permission.TECHNICIAN_EDIT)
    filterset_class = filters.TechnicianFilter
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    ordering_fields = ["hourly_cost", "weekly_capacity_hours", "is_active"]
