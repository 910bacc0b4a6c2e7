import hashlib
import itertools
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from opssight.accounts.models import Membership, User
from opssight.accounts.passwords import BreachValidator, is_listed
from tests.conftest import ClientFor

STRONG = "marmot violet quarry tins"


def refusals(password: str, user: User | None = None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return error.messages
    return []


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def test_a_few_uncommon_words_are_a_password() -> None:
    assert refusals(STRONG) == []


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short1!", "at least 10 characters"),
        ("1234567890", "entirely numeric"),
        ("qwertyuiop", "too common"),
        ("aaaaaaaaaaaa", "Repeats"),
        ("Password2024!", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_in_words(password: str, said: str) -> None:
    assert said in " ".join(refusals(password))


def test_the_own_name_makes_no_strong_password() -> None:
    user = User(username="ana", first_name="Anastasia", last_name="Quintanilla", email="aq@x.test")

    for password in ("Quintanilla-2024", "Anastasia Quintanilla"):
        assert refusals(password, user)
        assert refusals(password) == []


def test_a_long_password_is_judged_at_once() -> None:
    assert refusals("The quick brown fox and " * 4000) == []


@pytest.mark.parametrize("ending", ["", ":42"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_a_list_of_digests_is_searched_without_loading_it(
    tmp_path: Path, ending: str, last: str
) -> None:
    listed = [f"password {number}" for number in range(500)]
    path = tmp_path / "pwned.txt"
    lines = sorted(sha1(password) for password in listed)
    path.write_text("\n".join(f"{line}{ending}" for line in lines) + last)

    assert all(is_listed(path, password) for password in listed)
    assert not any(is_listed(path, f"other {number}") for number in range(500))


def test_a_list_of_plain_passwords_works_too(tmp_path: Path) -> None:
    listed = {"".join(word) for word in itertools.product("aäz", repeat=4)} | {"b" * 300}
    path = tmp_path / "plain.txt"
    path.write_bytes(b"\r\n".join(sorted(password.encode() for password in listed)) + b"\r\n")

    assert all(is_listed(path, password) for password in listed)
    assert not any(is_listed(path, password) for password in ("", "a", "zzzzz", "aab", "~"))


def test_an_empty_list_lists_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()

    assert not is_listed(path, STRONG)


def test_a_stolen_password_is_refused(tmp_path: Path, settings: LazySettings) -> None:
    path = tmp_path / "pwned.txt"
    path.write_text(f"{sha1(STRONG)}:3\n")
    settings.BREACHED_PASSWORDS_FILE = str(path)

    assert "list of stolen passwords" in refusals(STRONG)[0]
    assert "stolen" in BreachValidator().get_help_text()


@pytest.mark.django_db
def test_a_password_is_kept_as_a_bcrypt_hash(settings: LazySettings, viewer: Membership) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    viewer.user.set_password(STRONG)

    assert viewer.user.password.startswith("bcrypt_sha256$")


@pytest.mark.django_db
def test_renewing_an_old_hash_puts_nobody_out(settings: LazySettings, viewer: Membership) -> None:
    viewer.user.password = make_password(STRONG)
    viewer.user.save()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    client = Client()

    assert client.post("/login/", {"login": "viewer", "password": STRONG})["Location"] == "/"
    assert client.get("/account/").status_code == 200
    viewer.user.refresh_from_db()
    assert viewer.user.password.startswith("pbkdf2_sha256$")
    assert viewer.user.token_version == 0


@pytest.mark.django_db
def test_a_new_password_ends_the_other_sessions(viewer: Membership, client_for: ClientFor) -> None:
    viewer.user.set_password("the old one, of course")
    viewer.user.save()
    own, other = client_for(viewer), client_for(viewer)
    values = {"oldpassword": "the old one, of course", "password1": STRONG, "password2": STRONG}

    wrong = own.post("/account/password/", {**values, "oldpassword": "no"})
    changed = own.post("/account/password/", values)

    assert "This is not your password." in wrong.text
    assert changed["Location"] == "/account/"
    assert own.get("/account/").status_code == 200
    assert other.get("/account/")["Location"] == "/login/?next=/account/"


@pytest.mark.django_db
def test_a_weak_new_password_is_refused_on_the_page(
    viewer: Membership, client_for: ClientFor
) -> None:
    viewer.user.set_password(STRONG)
    viewer.user.save()
    weak = {"oldpassword": STRONG, "password1": "Password2024!", "password2": "Password2024!"}

    page = client_for(viewer).post("/account/password/", weak)

    assert page.status_code == 200
    assert "easy to guess" in page.text
