"""The seed files of `db/seeds` as they are read: names and dates checked, forms left to the requests they become."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import Struct, toml

from lc_workflow.identity.rules.roles import Role

Read = TypeVar("Read")

Deed: TypeAlias = Literal[
    "draft",
    "papers",
    "late_papers",
    "submit",
    "start",
    "send_to_review",
    "approve",
    "reject",
    "return",
    "withdraw",
    "reopen",
]
"""What people do in a story: an action of the workflow, or draft the application, or hand its papers in."""


class Department(Struct, frozen=True, forbid_unknown_fields=True):
    """A department to open."""

    code: str
    name: str
    description: str


class Position(Struct, frozen=True, forbid_unknown_fields=True):
    """A position to open."""

    name: str
    description: str


class Base(Struct, frozen=True, forbid_unknown_fields=True):
    """What every installation can use."""

    departments: list[Department]
    positions: list[Position]


class Branch(Struct, frozen=True, forbid_unknown_fields=True):
    """A branch to open; `manager` is a user name."""

    code: str
    name: str
    address: str
    phone_number: str
    email: str
    latitude: float
    longitude: float
    region: str
    manager: str


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody signs in with."""

    username: str
    role: Role


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of the institution: an employee when they have a `code`, with an account or without.

    `position` and `department` name what the base opens, `line_manager` is the code of an employee. The family name
    comes first.
    """

    full_name_khmer: str
    full_name_latin: str
    phone_number: str
    position: str
    department: str
    code: str | None = None
    branch: str | None = None
    line_manager: str | None = None
    account: Account | None = None


class Institution(Struct, frozen=True, forbid_unknown_fields=True):
    """The demo institution."""

    branches: list[Branch]
    people: list[Person]


class Act(Struct, frozen=True, forbid_unknown_fields=True):
    """One act of a story: what somebody with the role `by` does, `day` working days after the first, at `at`."""

    act: Deed
    by: Role
    day: int
    at: time
    reason: str | None = None
    comment: str | None = None


class Story(Struct, frozen=True, forbid_unknown_fields=True):
    """How an application goes."""

    acts: list[Act]


class Application(Struct, frozen=True, forbid_unknown_fields=True):
    """An application that took the course of a story; `begun` is how many working days ago it was drafted.

    `form` is the body of its first request, `papers` are document types, `looked_after_by` are employee codes.
    """

    number: int
    story: str
    branch: str
    begun: int
    looked_after_by: list[str]
    form: dict[str, Any]
    papers: list[str] = []
    late_papers: list[str] = []
    account_id: str | None = None
    recommended_amount: int | None = None


class Applications(Struct, frozen=True, forbid_unknown_fields=True):
    """All applications of the demo institution."""

    applications: list[Application]


class Demo(Struct, frozen=True):
    """The demo institution with everything that happened in it."""

    institution: Institution
    stories: Mapping[str, Story]
    applications: list[Application]


def read_base(folder: Path) -> Base:
    """Read what every installation can use."""
    return _read(folder / "base.toml", Base)


def read_places(folder: Path) -> str:
    """Read the places that every installation knows, as the list that `GazetteerService.load` takes."""
    return (folder / "gazetteer.csv").read_text("utf-8")


def read_demo(folder: Path) -> Demo:
    """Read the demo institution."""
    demo = folder / "demo"
    return Demo(
        _read(demo / "institution.toml", Institution),
        _read(demo / "stories.toml", dict[str, Story]),
        _read(demo / "applications.toml", Applications).applications,
    )


def _read(file: Path, kind: type[Read]) -> Read:
    return toml.decode(file.read_bytes(), type=kind)
