from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "opssight.audit"
    label = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        from opssight.audit import sign_in  # noqa: PLC0415 (models are not loaded before)

        sign_in.connect()
