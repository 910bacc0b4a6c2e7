"""What people at the machines of the demo plant have reported, and the labels to report by."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from assets.models import Asset
from maintenance.models import Urgency
from maintenance.services import requests
from maintenance.services.requests import Report
from opssight.demo.people import People
from opssight.demo.pictures import belt_off_center


def open_points(assets: Mapping[str, Asset]) -> None:
    """A report form, and with it a label to print, for every machine."""
    for asset in assets.values():
        if asset.category not in ("unit", "system"):
            requests.open_point(asset=asset)


def report(assets: Mapping[str, Asset], *, people: People, at: datetime) -> None:
    """Five reports: two wait, two became work, one of them urgent, and one was declined."""
    _declined(assets["F-621"], people, at - timedelta(days=6))
    _accepted(assets["P-203"], people, at - timedelta(days=4))
    _urgent(assets["P-412"], people, at - timedelta(hours=6))
    requests.submit(
        asset=assets["CV-504"],
        report=Report(
            title="Belt runs off to the left",
            description="Since the change of grade this morning. It touches the frame and squeals.",
            urgency=Urgency.MEDIUM,
            reporter="Sunita Jadhav",
            contact="Line 4, extension 2417",
        ),
        by=None,
        at=at - timedelta(hours=3),
        photos=[belt_off_center("belt.jpg")],
    )
    requests.submit(
        asset=assets["E-201"],
        report=Report(
            title="Condensate drain blows air all the time",
            reporter="Night shift",
            urgency=Urgency.LOW,
        ),
        by=None,
        at=at - timedelta(hours=9),
    )


def _declined(asset: Asset, people: People, at: datetime) -> None:
    row, _ = requests.submit(
        asset=asset,
        report=Report(title="Too cold in the control room", reporter="Rohan Pawar"),
        by=None,
        at=at,
    )
    requests.decline(
        request=row,
        by=people.planner,
        at=at + timedelta(hours=2),
        reason="The set point is 23 °C by the shift's own wish. Please ask the shift leader.",
    )


def _accepted(asset: Asset, people: People, at: datetime) -> None:
    row, _ = requests.submit(
        asset=asset,
        report=Report(
            title="Hand wheel of the drain valve is missing",
            reporter="Claas Petersen",
            contact="c.petersen@kestrelholm.example",
            urgency=Urgency.LOW,
        ),
        by=None,
        at=at,
    )
    requests.accept(
        request=row,
        by=people.planner,
        at=at + timedelta(hours=1),
        due_at=at + timedelta(days=10),
        technician=people.technician_for(asset.site.code, "mechanical"),
    )


def _urgent(asset: Asset, people: People, at: datetime) -> None:
    row, _ = requests.submit(
        asset=asset,
        report=Report(
            title="Pump builds up no pressure",
            description="Two rail cars wait. North pump loads alone, at half the rate.",
            urgency=Urgency.CRITICAL,
            stands_still=True,
            reporter="Dwayne Mitchell",
            contact="Rail loading, radio channel 4",
        ),
        by=None,
        at=at,
    )
    requests.accept(
        request=row,
        by=people.planner,
        at=at + timedelta(minutes=20),
        due_at=at + timedelta(hours=24),
    )
