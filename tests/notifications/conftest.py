from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.notifications.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """A receiver that the settings allow, as an operator would allow one in the plant's network."""
    with receiving() as receiver:
        settings.WEBHOOK_ALLOW_HTTP = True
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        settings.WEBHOOK_PORTS = [443, receiver.port]
        yield receiver
