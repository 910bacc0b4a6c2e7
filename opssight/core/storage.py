"""Where the files that people attach are kept: a folder, a bucket of S3, or one of Google Cloud."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 20, 3
Get = Callable[[str], str]


def default(get: Get, folder: str | Path) -> dict[str, Any]:
    """The storage that FILE_STORAGE names, as Django's STORAGES takes it.

    `get` reads a variable of the environment, empty where it is not set. Raises
    ImproperlyConfigured for an unknown name, or a bucket without a name.
    """
    kind = get("FILE_STORAGE") or "local"
    if kind == "local":
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        }
    if kind == "s3":
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _s3(get)}
    if kind == "gcs":
        return {"BACKEND": "storages.backends.gcloud.GoogleCloudStorage", "OPTIONS": _gcs(get)}
    raise ImproperlyConfigured(f"FILE_STORAGE is {kind!r}. Use local, s3 or gcs.")


def _s3(get: Get) -> dict[str, Any]:
    """Without S3_ACCESS_KEY the machine's own role is asked, as the AWS tools do."""
    from botocore.config import Config  # noqa: PLC0415 large, and only needed here

    endpoint = get("S3_ENDPOINT_URL")
    return {
        "bucket_name": _needed(get, "S3_BUCKET"),
        "location": get("S3_PREFIX"),
        "endpoint_url": endpoint or None,
        "region_name": get("S3_REGION") or None,
        "access_key": get("S3_ACCESS_KEY") or None,
        "secret_key": get("S3_SECRET_KEY") or None,
        "default_acl": None,
        # Names are random: nothing is overwritten, and nobody need ask first.
        "file_overwrite": True,
        "client_config": Config(
            # Servers other than Amazon's have no host name for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
        ),
    }


def _gcs(get: Get) -> dict[str, Any]:
    """GOOGLE_APPLICATION_CREDENTIALS names the key file, or the machine's own account is asked."""
    return {
        "bucket_name": _needed(get, "GCS_BUCKET"),
        "location": get("GCS_PREFIX"),
        "default_acl": None,
        "file_overwrite": True,
    }


def _needed(get: Get, name: str) -> str:
    value = get(name)
    if not value:
        raise ImproperlyConfigured(f"FILE_STORAGE needs {name}, the name of the bucket.")
    return value
