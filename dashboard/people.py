"""Who uses the dashboard, and what they may do: viewers look, editors change, admins run things.

Without sign-in the dashboard listens on the loopback only, and whoever sits at the computer may do
everything under the name that the system knows them by. With sign-in (OpenID Connect, through
Streamlit) a person is who the provider says, with the role that the workspace's file gives them.
"""

import functools
import getpass
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_args

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do all that those before it may."""

SIGN_IN_VARIABLE = "REEL_SIGN_IN"
"""How the pages, which Streamlit runs as scripts, are told the file of the sign-in."""

_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_SHORTEST_SECRET = 32

P = ParamSpec("P")
R = TypeVar("R")


class NotAllowed(Exception):
    """Somebody asked for what their role does not let them do."""


class UnusableSignIn(Exception):
    """The file of the sign-in is missing, or not written as one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the dashboard."""

    name: str
    """As versions, notes and approvals name them."""
    role: Role

    def may(self, role: Role) -> bool:
        """Whether they may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How people sign in, and who may do what."""

    redirect_uri: str
    roles: Mapping[str, Role]
    """By e-mail address, in lower case."""
    default: Role | None
    """Of everybody else whom the provider knows; None lets them in nowhere."""

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Who a provider says that somebody is.

        Args:
            claims: Of the identity token; the e-mail address counts only if it is verified.

        Raises:
            NotAllowed: The provider vouches for no address, or the file gives it no role.
        """
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise NotAllowed("the sign-in gave no verified e-mail address, so no role is known")
        role = self.roles.get(email.lower(), self.default)
        if role is None:
            raise NotAllowed(f"{email} has no role in this workspace; ask who runs the dashboard")
        told = claims.get("name")
        name = " ".join(told.split()) if isinstance(told, str) else ""  # as approvals keep names
        return Person(f"{name} ({email})" if name else email, role)


def needs(
    role: Role,
) -> Callable[[Callable[Concatenate[Person, P], R]], Callable[Concatenate[Person, P], R]]:
    """Let a function that writes refuse whoever may not: its first argument is who asks."""

    def decorate(write: Callable[Concatenate[Person, P], R]) -> Callable[Concatenate[Person, P], R]:
        @functools.wraps(write)
        def checked(person: Person, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not person.may(role):
                what = write.__name__.replace("_", " ")
                raise NotAllowed(f"{person.name} is a {person.role}; to {what} takes an {role}")
            return write(person, *args, **kwargs)

        return checked

    return decorate


def local_person() -> Person:
    """Whoever sits at the computer."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        name = f"user {os.getuid()}"
    return Person(name, "admin")


def read_sign_in(path: Path) -> SignIn:
    """Read the file of the sign-in: `[auth]` as Streamlit takes it, and `[roles]`.

    Raises:
        UnusableSignIn: It cannot be read, or something in it is missing or of no use.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnusableSignIn(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableSignIn(f"{path} is no TOML: {error}") from error
    auth, roles = values.get("auth"), values.get("roles", {})
    if not isinstance(auth, dict) or not isinstance(roles, dict):
        raise UnusableSignIn(f"{path} needs a table [auth], and one [roles]")
    missing = [name for name in _NEEDED if not isinstance(auth.get(name), str) or not auth[name]]
    if missing:
        raise UnusableSignIn(f"{path}, [auth]: {', '.join(missing)} must be given, as text")
    if len(auth["cookie_secret"]) < _SHORTEST_SECRET:
        raise UnusableSignIn(
            f"{path}, [auth]: cookie_secret must have {_SHORTEST_SECRET} characters or more; "
            'make one: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    for email, role in roles.items():
        if role not in ROLES:
            known = ", ".join(ROLES)
            raise UnusableSignIn(f"{path}, [roles]: {email} is {role!r}, none of {known}")
    default = roles.get("default")
    named = {email.lower(): role for email, role in roles.items() if email != "default"}
    return SignIn(auth["redirect_uri"], named, default)
