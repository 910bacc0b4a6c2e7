"""The one table of what can become of a work order. Pure: no Django, no clock.

Statuses are those of IBM Maximo, reduced: draft (WAPPR), approved (APPR), scheduled (WSCH), waiting
(WMATL, WPCOND), in progress (INPRG), completed (COMP), closed (CLOSE) and cancelled (CAN). What is
completed never goes back: another order follows up on it.
"""

from dataclasses import dataclass

DRAFT, APPROVED, SCHEDULED, WAITING = "draft", "approved", "scheduled", "waiting"
IN_PROGRESS, COMPLETED, CLOSED, CANCELLED = "in_progress", "completed", "closed", "cancelled"
NOT_BEGUN = (APPROVED, SCHEDULED)

# Names of permissions, as the product's map of roles has them.
PLAN, EXECUTE = "work_order.plan", "work_order.execute"

NEEDS: dict[str, str] = {
    "technician": "a technician to do it",
    "not_started": "that no work was begun",
    "no_work": "that no work was recorded: no labor, parts, costs or answers of its checklist",
    "reason": "what it waits for, in words",
    "unblocked": "every order that blocks it to be done",
    "children": "every order that is a part of it to be done or called off",
    "lines": "a result for each of its assets, where it serves several",
    "tasks": "every required task of its checklist to be answered",
    "timers": "the minutes of every timer that was forgotten (it ran for over 16 hours)",
    "signature": "the signature of whoever accepts the work, where the order asks for one",
    "failure_codes": (
        "failure mode, cause and mechanism (ISO 14224), after a failure of a critical asset"
    ),
}
"""Each thing that a move can need, in words that end the sentence "It needs ..."."""


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: a name, from where, to where, whose it is, what it needs and does."""

    name: str
    label: str
    sources: tuple[str, ...]
    to: str
    permission: str
    needs: tuple[str, ...]
    does: str


MOVES: tuple[Move, ...] = (
    Move(
        name="approve",
        label="Approve",
        sources=(DRAFT,),
        to=APPROVED,
        permission=PLAN,
        needs=(),
        does="The work may be planned and begun.",
    ),
    Move(
        name="schedule",
        label="Schedule",
        sources=(APPROVED, WAITING),
        to=SCHEDULED,
        permission=PLAN,
        needs=("technician", "not_started"),
        does="It stands in the technician's plan.",
    ),
    Move(
        name="unschedule",
        label="Take out of the plan",
        sources=(SCHEDULED, WAITING),
        to=APPROVED,
        permission=PLAN,
        needs=("not_started",),
        does="Its planned times are emptied. It is to be planned anew.",
    ),
    Move(
        name="start",
        label="Start work",
        sources=NOT_BEGUN,
        to=IN_PROGRESS,
        permission=EXECUTE,
        needs=("unblocked",),
        does="The time of the start is kept. Without a technician it goes to whoever starts it.",
    ),
    Move(
        name="wait",
        label="Wait",
        sources=(*NOT_BEGUN, IN_PROGRESS),
        to=WAITING,
        permission=EXECUTE,
        needs=("reason", "timers"),
        does="Running timers of labor are stopped, and the reason is shown.",
    ),
    Move(
        name="resume",
        label="Resume work",
        sources=(WAITING,),
        to=IN_PROGRESS,
        permission=EXECUTE,
        needs=("unblocked",),
        does="The reason for waiting is cleared. The time of the first start stays.",
    ),
    Move(
        name="complete",
        label="Complete",
        sources=(*NOT_BEGUN, WAITING, IN_PROGRESS),
        to=COMPLETED,
        permission=EXECUTE,
        needs=("unblocked", "children", "lines", "tasks", "timers", "signature", "failure_codes"),
        does=(
            "The history gets a row for each asset that was served, the schedule its next due date,"
            " the recommendation its verdict. Timers are stopped and unused parts are free again."
        ),
    ),
    Move(
        name="close",
        label="Close",
        sources=(COMPLETED,),
        to=CLOSED,
        permission=PLAN,
        needs=(),
        does="The planner has looked at it. Nothing can be done to it any more.",
    ),
    Move(
        name="cancel",
        label="Cancel",
        sources=(DRAFT, *NOT_BEGUN, WAITING),
        to=CANCELLED,
        permission=PLAN,
        needs=("not_started", "no_work", "children"),
        does=(
            "Its occurrence is skipped, its recommendation is open again, its reserved parts are"
            " free."
        ),
    ),
)
BY_NAME = {move.name: move for move in MOVES}
STATUSES = (DRAFT, APPROVED, SCHEDULED, WAITING, IN_PROGRESS, COMPLETED, CLOSED, CANCELLED)


def moves_from(status: str) -> list[Move]:
    """What can be done to an order of this status, in the order of the table.

    >>> [move.name for move in moves_from("completed")]
    ['close']
    """
    return [move for move in MOVES if status in move.sources]


def move_between(status: str, to: str) -> Move | None:
    """The one move from a status to another; None where the table has none.

    >>> move_between("waiting", "in_progress").name
    'resume'
    >>> move_between("completed", "in_progress")
    """
    return next((move for move in moves_from(status) if move.to == to), None)
