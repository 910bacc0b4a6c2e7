from telemetry.models.comparisons import Comparison, ComparisonLine
from telemetry.models.policy import TelemetryPolicy
from telemetry.models.quality import QualityFault, QualityState
from telemetry.models.signals import NAME_LENGTH, HeldReading, Signal, UnknownSignal, Way

__all__ = [
    "NAME_LENGTH",
    "Comparison",
    "ComparisonLine",
    "HeldReading",
    "QualityFault",
    "QualityState",
    "Signal",
    "TelemetryPolicy",
    "UnknownSignal",
    "Way",
]
