"""The one exception of the runtime."""


class RuntimeProblem(Exception):
    """Something the person at the keyboard can fix.

    The message is shown as it is, without a stack trace: what is wrong, where, and what to do.
    """
