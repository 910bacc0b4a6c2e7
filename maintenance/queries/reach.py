"""Who may work where: the role of a technician's user, and the part of the plant it covers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from assets.models import AccessScope, Asset, AssetGroupMember
from maintenance.models import Technician
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Grant, Permission


@dataclass(frozen=True, slots=True)
class Reach:
    """What a technician may do: execute work orders at all, and on which of the assets asked."""

    may_execute: bool
    assets: frozenset[int]

    def covers(self, assets: Iterable[int]) -> bool:
        return self.assets.issuperset(assets)


NOWHERE = Reach(may_execute=False, assets=frozenset())


def reach_of(*, technicians: Collection[Technician], assets: Collection[int]) -> dict[int, Reach]:
    """By technician: what the membership of the user allows. One query; four where one is partial.

    Who is no member any more, or signs in no more, reaches nothing. The technicians and the assets
    are of one organization.
    """
    if not technicians:
        return {}
    rows = Membership.objects.filter(
        organization__in={one.organization_id for one in technicians},
        user__in={one.user_id for one in technicians},
        user__is_active=True,
    ).select_related("custom_role")
    members = {(row.organization_id, row.user_id): row for row in rows.order_by("pk")}
    partial = {row.pk for row in members.values() if not _is_whole(row)}
    covered = _covered(partial, assets) if partial else {}
    found = {}
    for one in technicians:
        member = members.get((one.organization_id, one.user_id))
        if member is None:
            found[one.pk] = NOWHERE
            continue
        grant = Grant(member.organization_id, member.permissions, is_whole=_is_whole(member))
        within = frozenset(assets) if grant.is_whole else covered[member.pk]
        found[one.pk] = Reach(grant.allows(Permission.WORK_ORDER_EXECUTE), within)
    return found


def _is_whole(member: Membership) -> bool:
    return member.coverage == Membership.Coverage.WHOLE


def _covered(memberships: set[int], assets: Collection[int]) -> dict[int, frozenset[int]]:
    """Which of the assets each membership covers, by the rule of `Asset.covered`."""
    places: dict[tuple[str, int | None], set[int]] = {}
    for asset, site in Asset.objects.filter(pk__in=assets).values_list("pk", "site_id"):
        places.setdefault(("site", site), set()).add(asset)
        places.setdefault(("asset", asset), set()).add(asset)
    members = AssetGroupMember.objects.filter(asset__in=assets).order_by()
    for asset, group in members.values_list("asset_id", "group_id"):
        places.setdefault(("group", group), set()).add(asset)
    found: dict[int, set[int]] = {pk: set() for pk in memberships}
    scopes = AccessScope.objects.filter(membership__in=memberships).order_by()
    for pk, *ids in scopes.values_list("membership_id", "site_id", "group_id", "asset_id"):
        for kind, place in zip(("site", "group", "asset"), ids, strict=True):
            if place is not None:
                found[pk] |= places.get((kind, place), set())
    return {pk: frozenset(within) for pk, within in found.items()}
