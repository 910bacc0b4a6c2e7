from django.apps import AppConfig


class AnomaliesConfig(AppConfig):
    name = "anomalies"

    def ready(self) -> None:
        from anomalies.services.late import note  # noqa: PLC0415 (models are ready only now)
        from assets.services.readings import WHEN_BEHIND  # noqa: PLC0415

        WHEN_BEHIND.append(note)
