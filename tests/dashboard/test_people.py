"""Who may do what, and how the file of the sign-in is read."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.commands.app import dashboard_command
from dashboard.people import (
    ROLES,
    NotAllowed,
    Person,
    Role,
    SignIn,
    UnusableSignIn,
    local_person,
    needs,
    read_sign_in,
)

AUTH = """
[auth]
redirect_uri = "https://reel.example.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "reel"
client_secret = "s"
server_metadata_url = "https://id.example.org/.well-known/openid-configuration"
"""
ROLE_TABLE = '\n[roles]\n"Ana@example.org" = "editor"\n"ben@example.org" = "admin"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sign-in.toml"


@pytest.mark.parametrize(
    ("role", "may"),
    [("viewer", ["viewer"]), ("editor", ["viewer", "editor"]), ("admin", list(ROLES))],
)
def test_a_role_may_do_what_those_before_it_may(role: Role, may: list[str]) -> None:
    assert [other for other in ROLES if Person("ana", role).may(other)] == may


def test_a_function_that_writes_refuses_whoever_may_not() -> None:
    written = []

    @needs("editor")
    def lock_slot(person: Person, slot: int) -> None:
        written.append((person.name, slot))

    with pytest.raises(NotAllowed, match="vic is a viewer; to lock slot takes an editor"):
        lock_slot(Person("vic", "viewer"), 3)
    assert written == []
    lock_slot(Person("ana", "editor"), 3)
    lock_slot(Person("ben", "admin"), slot=4)
    assert written == [("ana", 3), ("ben", 4)]


def test_without_sign_in_whoever_sits_at_the_computer_may_do_everything() -> None:
    assert local_person().role == "admin"
    assert local_person().name


def test_roles_go_by_the_verified_address_whatever_its_case(file: Path) -> None:
    file.write_text(AUTH + ROLE_TABLE)
    sign_in = read_sign_in(file)
    claims = {"email": "ANA@example.org", "email_verified": True, "name": "Ana"}
    assert sign_in.person(claims) == Person("Ana (ANA@example.org)", "editor")


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (" Ana \n Lis ", "Ana Lis (ana@example.org)"),
        ("  ", "ana@example.org"),
        (None, "ana@example.org"),
    ],
)
def test_a_name_is_as_an_approval_keeps_it(told: str | None, name: str) -> None:
    """Who gave an approval may take it back, which goes by the name."""
    sign_in = SignIn("https://x/oauth2callback", {"ana@example.org": "editor"}, None)
    claims = {"email": "ana@example.org", "email_verified": True, "name": told}
    assert sign_in.person(claims).name == name


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "ana@example.org"},
        {"email": "ana@example.org", "email_verified": False},
        {"email": "ana@example.org", "email_verified": "true"},
        {"email": ["ana@example.org"], "email_verified": True},
    ],
)
def test_an_address_that_nobody_vouches_for_gives_no_role(claims: dict[str, object]) -> None:
    sign_in = SignIn("https://x/oauth2callback", {"ana@example.org": "admin"}, "viewer")
    with pytest.raises(NotAllowed, match="no verified e-mail address"):
        sign_in.person(claims)


def test_strangers_are_let_in_only_by_a_default(file: Path) -> None:
    stranger = {"email": "eve@example.org", "email_verified": True}
    file.write_text(AUTH + ROLE_TABLE)
    with pytest.raises(NotAllowed, match="has no role"):
        read_sign_in(file).person(stranger)
    file.write_text(AUTH + ROLE_TABLE + 'default = "viewer"\n')
    assert read_sign_in(file).person(stranger) == Person("eve@example.org", "viewer")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"\xff", "is no TOML"),
        (b"[auth", "is no TOML"),
        (b"", r"needs a table \[auth\]"),
        (b"auth = 3", r"needs a table \[auth\]"),
        (AUTH.encode() + b"[roles.a]\nb = 1\n", r"\[roles\]: a is "),
        (AUTH.replace('client_id = "reel"', "client_id = 3").encode(), "client_id must be given"),
        (AUTH.replace('"s"', '""').encode(), "client_secret must be given"),
        (AUTH.replace("0123456789abcdef", "0").encode(), "cookie_secret must have 32"),
        (AUTH.encode() + b'[roles]\na = "king"\n', "a is 'king', none of viewer, editor, admin"),
    ],
)
def test_a_file_of_no_use_is_told_before_the_dashboard_starts(
    file: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnusableSignIn, match=told):
        read_sign_in(file)
    result = CliRunner().invoke(dashboard_command, ["--sign-in", f"{file}", "--port", "1"])
    assert result.exit_code == 1
    assert f"{file}" in result.stderr


def test_nothing_but_the_loopback_is_listened_on_without_a_sign_in() -> None:
    result = CliRunner().invoke(dashboard_command, ["--host", "0.0.0.0"])
    assert result.exit_code == 1
    assert "takes a sign-in" in result.stderr
