"""The kinds of refusal a rule or a service can answer with."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a request that cannot be accepted.

    `field` is its dotted path (`employee_assignments[0].employee_id`), `msg` a sentence for a person, `loc` where it
    was sent: `body`, `query`, `path` or `header`.
    """

    field: str
    msg: str
    loc: str = "body"


class DomainError(Exception):
    """A refusal with a sentence for the person who asked; the class name is the `code` clients get."""

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = (), retry_after: int | None = None) -> None:
        """Say in `detail` what would help; `retry_after` is in seconds."""
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        """The stable name of this refusal."""
        return type(self).__name__


class Missing(DomainError):
    """There is no such thing, or not for this person."""

    @classmethod
    def unseen(cls, noun: str) -> Self:
        """Say the same of what is not there and of what the person may not see; `noun` is what people call it."""
        return cls(f"There is no such {noun}, or it is not yours to see.")


class Forbidden(DomainError):
    """The person is known and may not do this."""


class Invalid(DomainError):
    """What was asked contradicts the rules or the state of things."""


class Stale(DomainError):
    """The thing changed since the person last read it; `version` is the one it has now, where that is known."""

    def __init__(self, detail: str, *, version: int | None = None) -> None:
        """Say in `detail` what would help."""
        super().__init__(detail)
        self.version = version


class FailedBefore(DomainError):
    """An earlier step that this one builds on was refused, so this one was not tried."""


class Unauthenticated(DomainError):
    """It is not clear who is asking: the token is missing, wrong, expired or revoked."""


class Locked(DomainError):
    """The account is locked for now."""


class TooLarge(DomainError):
    """More was sent than is accepted."""


class TooMany(DomainError):
    """Asked too often; `retry_after` says when to ask again."""


class Busy(DomainError):
    """The same work is already under way; asking again later helps."""


class Unavailable(DomainError):
    """A part this needs is down; asking later helps."""
