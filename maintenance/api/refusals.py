"""Refusals of the store, of labor and of costs, as 409 in their own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from rest_framework.exceptions import ErrorDetail

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
    except TransitionRefused as error:
        raise coded(error) from error
    except CostRefused as error:
        raise Conflict(str(error)) from error


def coded(error: TransitionRefused) -> Conflict:
    """409 with the refusal's own code, for programs that act on it."""
    conflict = Conflict(error.message)
    conflict.detail = ErrorDetail(error.message, code=error.code)
    return conflict
