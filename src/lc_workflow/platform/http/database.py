"""What a failure of the database means to the person who asked."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import asyncpg
import structlog
from advanced_alchemy.exceptions import NotFoundError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from lc_workflow.kernel.errors import Busy, DomainError, FieldError, Invalid, Missing, Stale, Unavailable
from lc_workflow.platform.db.reaching import is_gone
from lc_workflow.platform.http.fields import IS_NEEDED

Refusals: TypeAlias = Mapping[str, Callable[[], DomainError]]
"""The refusal for each database constraint, by the constraint's name."""

_CLASHES: Final = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock."""
_WAITED_IN_VAIN: Final = "55P03"
"""Lock not available. Reading the answer after a commit may end so too, so it never says that nothing was done."""
_TOOK_TOO_LONG: Final = "57014"
"""Query canceled: what waits for several locks in turn ends so, and what the database cannot do fast enough."""
_LACKING: Final = frozenset({"42P01", "42703"})
"""No such table, no such column: the database was rolled back to before this release."""
_KEY: Final = re.compile(r"Key \((?P<columns>[\w, ]+)\)=")

_log = structlog.stdlib.get_logger()


class OutOfRange(Invalid):
    """A value does not fit what can be stored."""


class Duplicate(Invalid):
    """There is one like this already."""


class StillInUse(Invalid):
    """Others refer to it, so it cannot go."""


class NoSuchReference(Invalid):
    """It refers to something that is not there."""


class Contradiction(Invalid):
    """The database refuses a value that no rule refused before."""


def database_refusal(error: Exception, refusals: Refusals) -> DomainError | None:
    """Say what a database failure means to the person who asked; None when it is a mistake of ours."""
    if isinstance(error, StaleDataError):
        return Stale("This changed since you last read it; load it again.")
    if isinstance(error, NotFoundError):
        return Missing("There is no such thing, or you may not see it.")
    driver = error.driver_exception if isinstance(error, DBAPIError) else error
    if constraint := refusals.get(getattr(driver, "constraint_name", None) or ""):
        return constraint()
    return _refusal_of_driver(error, driver)


def _refusal_of_driver(error: Exception, driver: BaseException) -> DomainError | None:
    sqlstate = getattr(driver, "sqlstate", None) or ""
    if sqlstate.startswith("23"):
        return _broken_constraint(driver, sqlstate)
    if sqlstate.startswith("22") or (isinstance(driver, asyncpg.InterfaceError) and isinstance(driver, ValueError)):
        return OutOfRange("A value is too large, too long or of a form that cannot be stored.")
    if sqlstate in _CLASHES:
        return Busy("Somebody else is changing the same thing; try again.")
    return _unavailable(error, driver, sqlstate)


def _unavailable(error: Exception, driver: BaseException, sqlstate: str) -> Unavailable | None:
    """What may have kept a request from being answered whether its work was done or not."""
    if sqlstate == _WAITED_IN_VAIN:
        return Unavailable("Somebody else holds what this needs for long; try again soon.")
    if sqlstate == _TOOK_TOO_LONG:
        _log.warning("a statement took too long")
        return Unavailable("This takes too long at the moment, or others hold what it needs; try again soon.")
    if is_gone(error):
        _log.warning("database unavailable", cause=f"{type(driver).__name__} {sqlstate}".strip())
        return Unavailable("The database does not answer at the moment; try again soon.")
    if sqlstate in _LACKING:  # the sentence names a table or a column, and no value
        _log.error("the database lacks what this release asks for; is it at its revision?", cause=_sentence_of(driver))
        return Unavailable("The database is not ready for this; try again soon.")
    return None


def _sentence_of(driver: BaseException) -> str:
    return next(iter(str(driver).splitlines()), type(driver).__name__)


def _broken_constraint(driver: BaseException, sqlstate: str) -> Invalid:
    """Name the column when PostgreSQL names it; never repeat the value."""
    found = _KEY.search(getattr(driver, "detail", None) or "")
    column = found["columns"] if found else getattr(driver, "column_name", None)
    if sqlstate == "23505":
        return _about(Duplicate, column, "already exists", "There is one like this already.")
    if sqlstate == "23503" and str(driver).startswith("update or delete"):
        return StillInUse("Others still refer to this, so it cannot be removed.")
    if sqlstate == "23503":
        return _about(NoSuchReference, column, "does not exist", "It refers to something that does not exist.")
    if sqlstate == "23502":
        return _about(Contradiction, column, IS_NEEDED, "Something that is needed is missing.")
    return Contradiction("The values contradict each other or the rules.")


def _about(kind: type[Invalid], column: str | None, fault: str, otherwise: str) -> Invalid:
    if column is None:
        return kind(otherwise)
    return kind(f"{column}: {fault}.", errors=(FieldError(column, fault),))
