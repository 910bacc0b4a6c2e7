from django.apps import AppConfig


class AnomaliesConfig(AppConfig):
    name = "anomalies"

    def ready(self) -> None:
        # Models are ready only now.
        from anomalies.models.limits import outer_limits_crossed  # noqa: PLC0415
        from anomalies.services.late import note  # noqa: PLC0415
        from assets.models.sensors import SENSOR_CHECKS  # noqa: PLC0415
        from assets.services.readings import WHEN_BEHIND  # noqa: PLC0415

        SENSOR_CHECKS.append(outer_limits_crossed)
        WHEN_BEHIND.append(note)
