"""Whatever somebody changes is on record in their name: a request that writes rows commits a fact with them."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from lc_workflow.platform.journal.models import JournalEntry

SILENT: Final = {
    "/api/v1/auth/login": {"users", "sign_in_challenges"},  # wrong passwords are counted, a right one may wait
    "/api/v1/auth/second-factor": {"second_factors"},  # nobody has proved yet that they have it
    "/api/v1/auth/second-factor/enrol": {"second_factors"},
    "/api/v1/auth/refresh": {"refresh_tokens"},
    "/api/v1/users/import/csv": {"account_imports"},  # the job tells of each account
    "/api/v1/files/multipart": {"deliveries"},  # the file is told of when all of it is there
    "/api/v1/users/notifications/{notification_id}/read": {"notifications"},
    "/api/v1/users/notifications/{notification_id}/dismiss": {"notifications"},
}
"""Where rows are written of which nothing is told, and which."""


@dataclass
class Asked:
    """A request that is being answered: the tables it has written since it last committed, and whether it told of it.

    `untold` lists what requests have kept to themselves.
    """

    scope: Scope
    untold: list[str]
    wrote: set[str] = field(default_factory=set)
    told: bool = False

    def flushed(self, session: Session) -> None:
        """Note what is written."""
        for row in (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))):
            if isinstance(row, JournalEntry):
                self.told = True
                self.named(row)
            else:
                self.wrote.add(row.__tablename__)

    def named(self, entry: JournalEntry) -> None:
        """Note where a fact does not name who is signed in as whoever brought it about."""
        person = self.scope.get("user")
        if person is not None and entry.actor_id != person.id:
            self.untold.append(
                f"{self.scope.get('method')} {self.scope.get('path_template')} tells of {entry.kind} as done by another"
            )

    def committed(self) -> None:
        """Note what was written and not told."""
        path = str(self.scope.get("path_template", "")).replace(":uuid}", "}")
        if (wrote := self.wrote - SILENT.get(path, set())) and not self.told:
            self.untold.append(f"{self.scope.get('method')} {path} writes {', '.join(sorted(wrote))}")
        self.begun_again()

    def begun_again(self) -> None:
        """Begin another transaction."""
        self.wrote, self.told = set(), False


_ASKED: Final = ContextVar[Asked | None]("asked", default=None)


def noting_untold(app: ASGIApp, untold: list[str]) -> ASGIApp:
    """Answer as `app` does, and list what requests change and commit without a fact."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        before = _ASKED.set(Asked(scope, untold))
        try:
            await app(scope, receive, send)
        finally:
            _ASKED.reset(before)

    return answer


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _: UOWTransaction) -> None:
    if asked := _ASKED.get():
        asked.flushed(session)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if (asked := _ASKED.get()) and not session.in_nested_transaction():
        asked.committed()


@event.listens_for(Session, "after_soft_rollback")
def _rolled_back(session: Session, _: SessionTransaction) -> None:
    if (asked := _ASKED.get()) and not session.in_nested_transaction():
        asked.begun_again()
