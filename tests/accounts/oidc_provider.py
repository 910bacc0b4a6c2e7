"""A small OpenID Connect provider on the loopback address, with a real signature and PKCE."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from opssight.accounts import oidc

CLIENT, SECRET = "opssight", "a secret between the two"


class Provider:
    """`person` is who signs in there: the claims of the user-info answer.

    `says`: from now on it answers nothing but this status.
    """

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.says: int | None = None
        self.is_running = True
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.challenges: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self.is_running:
            self.is_running = False
            self.server.shutdown()
            self.server.server_close()

    def apps(self) -> list[oidc.App]:
        """What the product makes of an environment that names this provider."""
        environment = {
            "OIDC_SERVER_URL": f"{self.url}/",
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET,
            "OIDC_NAME": "Plant login",
        }
        return oidc.apps(lambda name: environment.get(name, ""))

    def agree(self, address: str) -> dict[str, str]:
        """What the browser brings back from the provider's page at `address`."""
        assert address.startswith(f"{self.url}/authorize?")
        sent = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert sent["client_id"] == CLIENT
        assert sent["code_challenge_method"] == "S256"
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = sent["code_challenge"]
        return {"code": code, "state": sent["state"]}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def token(self, sent: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once, to who knows the secret and the verifier."""
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        expected = self.challenges.pop(sent.get("code", ""), None)
        if challenge != expected or sent.get("client_secret") != SECRET:
            return None
        now = int(time.time())
        claims = {**self.person, "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60}
        return {
            "access_token": "an access token",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": jwt.encode(claims, self.key, algorithm="RS256"),
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/authorize?"):
                    brought = urlencode(provider.agree(provider.url + self.path))
                    asked = parse_qs(urlsplit(self.path).query)
                    self.send_response(302)
                    self.send_header("Location", f"{asked['redirect_uri'][0]}?{brought}")
                    self.end_headers()
                    return
                is_info = self.path == "/userinfo"
                self._answer(200, provider.person if is_info else provider.discovery())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sent = {key: values[0] for key, values in parse_qs(body).items()}
                tokens = provider.token(sent)
                self._answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

            def _answer(self, status: int, values: dict[str, Any]) -> None:
                status, values = (provider.says, {}) if provider.says else (status, values)
                body = json.dumps(values).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
