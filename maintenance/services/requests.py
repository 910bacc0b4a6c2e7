"""What people at a machine ask for: taken from anybody, decided by a planner."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from assets.models import Asset
from maintenance.models import (
    Attachment,
    MaintenanceType,
    RequestMail,
    RequestPoint,
    Technician,
    Urgency,
    WorkOrder,
    WorkRequest,
)
from maintenance.services import reporters
from maintenance.services.attachments import attach
from maintenance.services.messages import request_message
from maintenance.services.work_orders import create_work_order
from notifications.services import notify
from opssight.access.models import digest_of
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core import walls

News = RequestMail.News
KEY_BYTES = 24
MOST_PHOTOS = 3


class RequestDecided(Exception):
    """Somebody accepted or declined the request before."""


class OrderNotOpen(Exception):
    """The order that was to serve the request too is done, cancelled, or of another asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody writes into the form."""

    title: str
    description: str = ""
    urgency: Urgency = Urgency.MEDIUM
    stands_still: bool = False
    reporter: str = ""
    contact: str = ""
    email: str = ""
    """Where whoever reported it wants to be told what becomes of it."""


@transaction.atomic
def open_point(*, asset: Asset) -> RequestPoint:
    """The public form of the asset; made when it has none. A closed one stays closed."""
    # Two who print labels at once print the same key.
    Asset.objects.select_for_update(no_key=True).get(pk=asset.pk)
    point = RequestPoint.objects.filter(asset=asset).first()
    if point is None:
        point = RequestPoint(organization_id=asset.organization_id, asset=asset)
        _give_key(point)
        point.save()
    return point


@transaction.atomic
def change_key(*, point: RequestPoint) -> RequestPoint:
    """A new address for the form: labels that were printed before lead nowhere."""
    point = RequestPoint.objects.select_for_update().get(pk=point.pk)
    _give_key(point)
    point.save(update_fields=["key", "digest"])
    return point


@transaction.atomic
def switch(*, point: RequestPoint, is_open: bool) -> RequestPoint:
    """Open or close the form. Its key stays: an open one is reached by the labels there are."""
    point.is_open = is_open
    point.save(update_fields=["is_open"])
    return point


def find_point(*, key: str) -> RequestPoint | None:
    """The open form with this key, and from here on its organization's rows; None for others."""
    digest = digest_of(key)
    walls.present(digest)
    point = RequestPoint.objects.filter(digest=digest, is_open=True).first()
    if point is None:
        return None
    walls.join(point.organization_id)
    found = RequestPoint.objects.select_related("asset__site", "organization").get(pk=point.pk)
    return None if found.asset.status == Asset.Status.RETIRED else found


def find_request(*, secret: str) -> WorkRequest | None:
    """The request that this secret follows, and from here on its organization's rows."""
    digest = digest_of(secret)
    walls.present(digest)
    row = WorkRequest.objects.filter(digest=digest).first()
    if row is None:
        return None
    walls.join(row.organization_id)
    return WorkRequest.objects.select_related("asset__site", "work_order", "organization").get(
        pk=row.pk
    )


@transaction.atomic
def submit(
    *,
    asset: Asset,
    report: Report,
    by: User | None,
    at: datetime,
    photos: Sequence[Any] = (),
) -> tuple[WorkRequest, str]:
    """The request, and the secret to follow it by. Planners are told, and who gave an address.

    The secret is kept for the mails to that address alone, and encrypted. photos: uploads, at most
    `MOST_PHOTOS`. Raises ValidationError for one that is not taken.
    """
    if len(photos) > MOST_PHOTOS:
        raise ValidationError(f"Send at most {MOST_PHOTOS} photos.")
    secret = secrets.token_urlsafe(KEY_BYTES)
    row = WorkRequest.objects.create(
        organization_id=asset.organization_id,
        asset=asset,
        title=report.title,
        description=report.description,
        urgency=report.urgency,
        stands_still=report.stands_still,
        reporter=report.reporter,
        contact=report.contact,
        email=report.email,
        secret=reporters.encrypted(secret) if report.email else "",
        reported_at=at,
        reported_by=by,
        digest=digest_of(secret),
    )
    for photo in photos:
        kept = attach(asset=asset, upload=photo, by=by, at=at, request=row)
        if kept.kind != Attachment.Kind.PHOTO:
            raise ValidationError(f"{kept.name} is no photo. Send a JPEG, PNG or WebP picture.")
    notify(
        organization=asset.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[request_message(row)],
        at=at,
    )
    reporters.tell(request=row, news=News.RECEIVED, at=at)
    return row, secret


@transaction.atomic
def accept(
    *,
    request: WorkRequest,
    by: User,
    at: datetime,
    due_at: datetime | None = None,
    technician: Technician | None = None,
) -> WorkOrder:
    """Turn the request into an order that carries its photos. Raises RequestDecided.

    due_at None: by the service level of its priority, as `create_work_order` has it.
    """
    row = _lock_new(request)
    who = f" by {row.reporter}" if row.reporter else ""
    still = "\n\nThe machine stands still, says the report." if row.stands_still else ""
    order = create_work_order(
        asset=row.asset,
        title=row.title,
        description=f"{row.description}{still}\n\nReported{who} in a request.".strip(),
        maintenance_type=MaintenanceType.CORRECTIVE,
        priority=max(
            Urgency(row.urgency),
            Urgency.HIGH if row.stands_still else Urgency.LOW,
            key=list(Urgency).index,
        ),
        technician=technician,
        due_at=due_at,
        by=by,
        at=at,
    )
    _decide(row, by=by, at=at, order=order)
    return order


@transaction.atomic
def merge(*, request: WorkRequest, order: WorkOrder, by: User, at: datetime) -> WorkOrder:
    """Let an open order of the same asset serve the request.

    Raises RequestDecided and OrderNotOpen.
    """
    row = _lock_new(request)
    order = WorkOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
    if not order.is_open or order.asset_id != row.asset_id:
        raise OrderNotOpen
    _decide(row, by=by, at=at, order=order)
    return order


@transaction.atomic
def decline(*, request: WorkRequest, by: User, at: datetime, reason: str) -> WorkRequest:
    """Close the request without work; who reported it reads the reason. Raises RequestDecided."""
    row = _lock_new(request)
    row.status, row.decline_reason = WorkRequest.Status.DECLINED, reason
    row.decided_at, row.decided_by = at, by
    row.save(update_fields=["status", "decline_reason", "decided_at", "decided_by"])
    reporters.tell(request=row, news=News.DECLINED, at=at)
    return row


def _decide(row: WorkRequest, *, by: User, at: datetime, order: WorkOrder) -> None:
    row.status, row.work_order = WorkRequest.Status.ACCEPTED, order
    row.decided_at, row.decided_by = at, by
    row.save(update_fields=["status", "work_order", "decided_at", "decided_by"])
    reporters.tell(request=row, news=News.ACCEPTED, at=at)
    # The photos stand on the order from here on; the request shows them through it.
    Attachment.objects.filter(request=row).update(request=None, work_order=order)


def _lock_new(request: WorkRequest) -> WorkRequest:
    row = (
        WorkRequest.objects.select_for_update(of=("self",))
        .select_related("asset__site", "organization")
        .get(pk=request.pk)
    )
    if row.status != WorkRequest.Status.NEW:
        raise RequestDecided
    return row


def _give_key(point: RequestPoint) -> None:
    point.key = secrets.token_urlsafe(KEY_BYTES)
    point.digest = digest_of(point.key)
