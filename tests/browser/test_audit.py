import pytest

from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from tests import factories
from tests.browser.conftest import Pages

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_admin_finds_a_change_and_reads_what_it_was(page_for: Pages, admin: Membership) -> None:
    asset = factories.AssetFactory.create(organization=admin.organization, tag="P-101")
    factories.WorkOrderFactory.create(asset=asset)
    asset.name = "Feed pump of the second line"
    asset.status = "standby"
    asset.save()

    for width, theme in ((1440, "light"), (390, "light"), (1440, "dark"), (390, "dark")):
        page = page_for(admin, width=width, theme=theme)
        page.goto("/audit/")
        page.get_by_role("searchbox", name="Search names, values, addresses").fill("second line")
        page.wait_for_url("**q=second**")
        page.get_by_role("link", name="P-101").click()
        page.get_by_text("Feed pump of the second line", exact=True).last.wait_for()
        assert page.locator("ins").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert AuditEntry.objects.filter(subject="assets", action="update").count() == 1
