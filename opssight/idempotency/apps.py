from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "opssight.idempotency"
    label = "idempotency"
