"""What `manage.py check --deploy --database default` asks beyond Django's own checks."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections
from django.db.utils import OperationalError

from opssight.runtime import locations

NO_KEY = Error(
    "SECRET_KEY is not set: the key was made up and is kept in the data folder.",
    hint="Set SECRET_KEY, or SECRET_KEY_FILE to a file, to the same value for all processes.",
    id="opssight.E001",
)
NO_HTTPS = Error(
    "HTTPS is off: cookies travel in the clear, and no browser is told to use TLS.",
    hint="Set HTTPS=true, and let the proxy set X-Forwarded-Proto.",
    id="opssight.E002",
)
DEMO = Error(
    "OPSSIGHT_DEMO is on: three accounts have a password that everybody knows.",
    hint="Unset OPSSIGHT_DEMO.",
    id="opssight.E003",
)
NO_MAIL = Warning(
    "EMAIL_URL is not set: nobody can reset a password, and invitations are handed over by hand.",
    hint="Set EMAIL_URL, such as smtp+tls://user:password@host:587.",
    id="opssight.W001",
)
ANY_ORIGIN = Error(
    "CORS_ALLOWED_ORIGINS lets pages of any origin, or over plain HTTP, call the API.",
    hint="Name each origin, beginning with https://.",
    id="opssight.E004",
)
POWERFUL_ROLE = Error(
    "The product works as a database role that row-level security does not bind.",
    hint="Let DATABASE_ROLE name a role without SUPERUSER and BYPASSRLS that owns no table.",
    id="opssight.E005",
)
POWERFUL_LOGIN = Warning(
    "The product logs in to the database as a superuser, or as the owner of its tables.",
    hint="Log in as a member of the product's role; only migrate needs the owner.",
    id="opssight.W002",
)

LOST_FILES = Warning(
    "Files are kept in a temporary folder, which does not outlive the machine or container.",
    hint="Set FILE_STORAGE to s3 or gcs, or MEDIA_ROOT to a folder that is kept.",
    id="opssight.W003",
)


@register(Tags.security, deploy=True)
def check_environment(**_: Any) -> list[CheckMessage]:
    """Secrets from outside, TLS on, demo off."""
    made_up = (locations.kept_secret_key() or "") == settings.SECRET_KEY
    origins = settings.CORS_ALLOWED_ORIGINS
    anybody = getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
    found: list[tuple[CheckMessage, bool]] = [
        (NO_KEY, made_up),
        (NO_HTTPS, not settings.HTTPS),
        (DEMO, settings.DEMO),
        (NO_MAIL, settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")),
        (LOST_FILES, _loses_files()),
        (ANY_ORIGIN, anybody or any(not origin.startswith("https://") for origin in origins)),
    ]
    return [message for message, is_so in found if is_so]


def _loses_files() -> bool:
    folder = settings.STORAGES["default"].get("OPTIONS", {}).get("location", "")
    is_local = settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage")
    return is_local and Path(folder).is_relative_to(tempfile.gettempdir())


@register(Tags.database, deploy=True)
def check_roles(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The role that the product works as, and the one that it logs in as."""
    if not databases or "default" not in databases:
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(ROLES)
            [(works, logs_in)] = cursor.fetchall()
    except OperationalError:  # the server does not answer, which is not a question of safety
        return []
    return [*([POWERFUL_ROLE] if works else []), *([POWERFUL_LOGIN] if logs_in else [])]


_POWER = """
    SELECT bool_or(rolsuper OR rolbypassrls OR EXISTS (
        SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')
        AND relnamespace = 'public'::regnamespace))
    FROM pg_roles WHERE rolname = {}
"""
ROLES = f"SELECT ({_POWER.format('current_user')}), ({_POWER.format('session_user')})"
