from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, object]:
    return {
        "demo_mode": settings.DEMO,
        "sends_mail": settings.EMAIL_BACKEND != "django.core.mail.backends.dummy.EmailBackend",
    }
