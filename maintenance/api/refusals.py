"""Refusals of the store, of labor and of costs, as 409 in their own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from maintenance.services.costs import CostRefused
from maintenance.services.labor import LaborRefused
from maintenance.services.store import StoreRefused
from maintenance.services.transitions import TransitionRefused
from opssight.core.api.problems import Conflict


@contextmanager
def in_words() -> Iterator[None]:
    """Nothing of what was refused remains."""
    try:
        with transaction.atomic():
            yield
    except (StoreRefused, LaborRefused) as error:
        raise Conflict(str(error), field=error.field) from error
    except (CostRefused, TransitionRefused) as error:
        raise Conflict(str(error)) from error
