"""Facts that the organization announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchOpened(Event):
    """A branch was opened."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchChanged(Event):
    """Fields of a branch were changed; `fields` names them."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchClosed(Event):
    """A branch was closed."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
