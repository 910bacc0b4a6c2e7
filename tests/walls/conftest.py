import pytest

from opssight.accounts.models import Organization
from tests.factories import OrganizationFactory, SiteFactory

Two = tuple[Organization, Organization]


@pytest.fixture
def two_plants() -> Two:
    """Two organizations with a site of the same code and name each."""
    plants = (OrganizationFactory.create(), OrganizationFactory.create())
    for plant in plants:
        SiteFactory.create(organization=plant, code="S1", name="Site 1")
    return plants
