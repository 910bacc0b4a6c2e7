"""The tables of the plant."""

from assets.models.figures import DayFigures, HourFigures, SealedReadings, TouchedHour
from assets.models.groups import AssetGroup, AssetGroupMember
from assets.models.kpis import AssetKpi, StaleKpi
from assets.models.plant import Asset, Site
from assets.models.relationships import AssetRelationship
from assets.models.scopes import AccessScope
from assets.models.sensors import Reading, Sensor
from assets.models.uptime import PeriodRange, ProductionRun, UptimeEvent

__all__ = [
    "AccessScope",
    "Asset",
    "AssetGroup",
    "AssetGroupMember",
    "AssetKpi",
    "AssetRelationship",
    "DayFigures",
    "HourFigures",
    "PeriodRange",
    "ProductionRun",
    "Reading",
    "SealedReadings",
    "Sensor",
    "Site",
    "StaleKpi",
    "TouchedHour",
    "UptimeEvent",
]
