"""Sign-in with somebody else's account: OpenID Connect providers, named by the environment."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

App = dict[str, Any]


def apps(setting: Callable[[str], str]) -> list[App]:
    """allauth's description of every provider that is configured; `setting` is "" for the others.

    Google, Microsoft (Entra ID) and any other provider with a discovery document, such as a
    Keycloak realm, all speak the same protocol.
    """
    tenant = setting("MICROSOFT_TENANT") or "organizations"
    known = [
        ("google", "Google", "GOOGLE", "https://accounts.google.com"),
        ("microsoft", "Microsoft", "MICROSOFT", f"https://login.microsoftonline.com/{tenant}/v2.0"),
        (
            "oidc",
            setting("OIDC_NAME") or "single sign-on",
            "OIDC",
            setting("OIDC_SERVER_URL").rstrip("/"),
        ),
    ]
    return [
        {
            "provider_id": key,
            "name": name,
            "client_id": setting(f"{prefix}_CLIENT_ID"),
            "secret": setting(f"{prefix}_CLIENT_SECRET"),
            "settings": {
                "server_url": server,
                # Microsoft does not say whether an address was verified.
                "email_authentication": key != "microsoft",
                "oauth_pkce_enabled": True,
            },
        }
        for key, name, prefix, server in known
        if server and setting(f"{prefix}_CLIENT_ID")
    ]


def origins(configured: list[App]) -> list[str]:
    """Where the sign-in form may lead to, for the content security policy."""
    parts = [urlsplit(app["settings"]["server_url"]) for app in configured]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})
