from django.db import models

from opssight.accounts.models import User


class IdempotentRequest(models.Model):
    """A write that a user sent with a key, and its answer: the same key is answered from here.

    Written in the transaction of the effect. What could reveal something is kept as a digest or
    encrypted with the key, which is not kept.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text="SHA-256 of the key, in hex.")
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of method, address and body, in hex."
    )
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotent_requests"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_effect_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_age")]

    def __str__(self) -> str:
        return f"{self.key[:8]}… of user {self.user_id}"
