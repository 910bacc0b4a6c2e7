"""Watches which names a view reads, so that a new name is asked for without being named here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import time_machine
from django.http import QueryDict
from django.test import override_settings
from django.utils import timezone
from rest_framework.parsers import JSONParser

seen: set[str] = set()
"""Names that views read since `forget`."""


def forget() -> None:
    seen.clear()


class _Watched(QueryDict):
    def get(self, key: Any, default: Any = None) -> Any:
        seen.add(key)
        return super().get(key, default)

    def getlist(self, key: str, default: Any = None) -> Any:
        seen.add(key)
        return super().getlist(key, default)

    def __getitem__(self, key: str) -> Any:
        seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        seen.add(str(key))
        return super().__contains__(key)


class _WatchedBody(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        seen.add(str(key))
        return super().__contains__(key)


@contextmanager
def watching() -> Iterator[None]:
    """Note what is read from query strings and bodies, at one moment, without limits of rate."""
    parse = JSONParser.parse

    def watched(self: JSONParser, *args: Any, **kwargs: Any) -> Any:
        body: Any = parse(self, *args, **kwargs)
        return _WatchedBody(body) if isinstance(body, dict) else body

    def store_nothing(*args: Any, **kwargs: Any) -> None:
        """Nobody asks for the contexts of the templates, which cost a copy each."""

    with (
        mock.patch("django.core.handlers.wsgi.QueryDict", _Watched),
        mock.patch("django.http.request.QueryDict", _Watched),
        mock.patch("django.test.client.store_rendered_templates", store_nothing),
        mock.patch.object(JSONParser, "parse", watched),
        override_settings(ACCOUNT_RATE_LIMITS=False),
        time_machine.travel(timezone.now(), tick=False),
    ):
        yield
