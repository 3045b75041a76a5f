"""What a context contributes to the application, as plain values."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from litestar.di import Provide
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.events import Event
from lc_workflow.platform.jobs import Job


@dataclass(slots=True)
class Hearing:
    """What a listener is given with a fact: the id to know it by when it comes again, and the running transaction."""

    event_id: UUID
    session: AsyncSession
    messages: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    ends_the_batch: bool = False

    def send(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Send a live message to a pattern (`user:<id>`, `role:<role>`, `general`) once the telling is committed."""
        self.messages.append((pattern, message))

    def commit_after_this(self) -> None:
        """Commit once this fact is told, not with the facts after it: called by who is about to lock people's work."""
        self.ends_the_batch = True


Listener = Callable[[Any, Hearing], Awaitable[None]]
"""Hears one kind of fact; it is told at least once, so it must stand being told twice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a published enumeration, with its labels in English and Khmer."""

    value: str
    label: str
    label_khmer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The routes, listeners, jobs, providers, refusals and enumerations of one context.

    `uploads` are the routes that take a file, as large as the installation allows. `refusals` names the refusal for
    each database constraint a client can run into.
    """

    routes: Sequence[ControllerRouterHandler] = ()
    uploads: Sequence[ControllerRouterHandler] = ()
    events: Sequence[type[Event]] = ()
    listeners: Mapping[type[Event], Sequence[Listener]] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    dependencies: Mapping[str, Provide] = field(default_factory=dict)
    refusals: Mapping[str, Callable[[], DomainError]] = field(default_factory=dict)
    enumerations: Mapping[str, Sequence[Choice]] = field(default_factory=dict)


def labelled(labels: Mapping[StrEnum, tuple[str, str]]) -> tuple[Choice, ...]:
    """Publish an enumeration: `labels` says for each of its members what it is called in English and in Khmer."""
    return tuple(Choice(member.value, english, khmer) for member, (english, khmer) in labels.items())


def merged(*manifests: Manifest) -> Manifest:
    """Put the contributions of all contexts together."""
    listeners: dict[type[Event], tuple[Listener, ...]] = {}
    for manifest in manifests:
        for kind, hearers in manifest.listeners.items():
            listeners[kind] = (*listeners.get(kind, ()), *hearers)
    return Manifest(
        routes=[route for manifest in manifests for route in manifest.routes],
        uploads=[route for manifest in manifests for route in manifest.uploads],
        events=[event for manifest in manifests for event in manifest.events],
        listeners=listeners,
        jobs=[job for manifest in manifests for job in manifest.jobs],
        dependencies={name: given for manifest in manifests for name, given in manifest.dependencies.items()},
        refusals={name: refusal for manifest in manifests for name, refusal in manifest.refusals.items()},
        enumerations={name: kind for manifest in manifests for name, kind in manifest.enumerations.items()},
    )
