"""What the pages of the admin that plan work have in common."""

from django.core.exceptions import ValidationError

from maintenance.models import Technician
from opssight.core.admin import OwnRelatedFilter, TenantForm

BY_SITE = ("asset__site", OwnRelatedFilter)
BY_TECHNICIAN = ("technician", OwnRelatedFilter)


class PlanForm(TenantForm):
    """Gives work to active technicians only; who had it before may keep it."""

    def clean_technician(self) -> Technician | None:
        technician: Technician | None = self.cleaned_data["technician"]
        if technician and not technician.is_active and "technician" in self.changed_data:
            raise ValidationError(
                f"{technician} is not active. Choose another, or activate this technician first."
            )
        return technician
