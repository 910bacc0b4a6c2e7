"""What the web process needs is imported at once; scoring, with its compiled code, is not."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from anomalies.services.ending import end_silent
from anomalies.services.review import AnomalyClosed, review

if TYPE_CHECKING:
    from anomalies.services.machine_rescoring import rescore_machine, score_late_machine
    from anomalies.services.machines import score_machines
    from anomalies.services.refitting import refit_machines
    from anomalies.services.rescoring import Rescored, rescore, score_late
    from anomalies.services.scoring import score_sensors

__all__ = [
    "AnomalyClosed",
    "Rescored",
    "end_silent",
    "refit_machines",
    "rescore",
    "rescore_machine",
    "review",
    "score_late",
    "score_late_machine",
    "score_machines",
    "score_sensors",
]

_LATER = {
    "Rescored": "rescoring",
    "refit_machines": "refitting",
    "rescore": "rescoring",
    "rescore_machine": "machine_rescoring",
    "score_late_machine": "machine_rescoring",
    "score_late": "rescoring",
    "score_machines": "machines",
    "score_sensors": "scoring",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
