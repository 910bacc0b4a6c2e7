"""What schemathesis cannot know: how a role signs in, and what a refusal by a rule looks like."""

import os
from typing import Any

import requests
import schemathesis

URL = os.environ["FUZZ_URL"]
ROLE = os.environ["FUZZ_ROLE"]
# What no schema can say of a value that follows it: that a row does not exist, that another row
# has the value, that two values do not go together. Any other 400 is a promise of the schema that
# the product does not keep.
RULES = {"does_not_exist", "unique", "invalid_choice"}

if ROLE != "anonymous":

    @schemathesis.auth(refresh_interval=300)
    class SignedIn:
        """A token of the role's user."""

        def get(self, case: Any, context: Any) -> str:
            answer = requests.post(
                f"{URL}/api/auth/token/",
                json={"username": ROLE, "password": os.environ["FUZZ_PASSWORD"]},
                timeout=30,
            )
            answer.raise_for_status()
            token: str = answer.json()["access"]
            return token

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"
