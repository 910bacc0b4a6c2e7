"""What people and other systems are told, each row written in the transaction of its cause."""

from notifications.services.messages import Message, deliver_pending, mark_read, notify
from notifications.services.webhooks import Happening, publish

__all__ = ["Happening", "Message", "deliver_pending", "mark_read", "notify", "publish"]
