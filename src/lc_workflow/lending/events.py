"""Facts that lending announces."""

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event

GAZETTEER: Final = UUID(int=0)
"""There is one gazetteer, so its facts are about nothing that could be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutApplication(Event):
    """A fact about one application."""

    subject: ClassVar[str] = "application"
    application_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDrafted(AboutApplication):
    """An officer began an application."""

    customer_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChanged(AboutApplication):
    """Fields of an application were changed; `fields` names them, values stay out of the journal."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRemoved(AboutApplication):
    """A draft was thrown away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMoved(AboutApplication):
    """An application took a step; `drafted_by` is who began it, `branch_id` where it belongs."""

    action: str
    source: str
    target: str
    drafted_by: UUID
    branch_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GazetteerLoaded(Event):
    """A list of places was taken in; `places` is how many it names."""

    subject: ClassVar[str] = "gazetteer"
    gazetteer_id: UUID = GAZETTEER
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeAssigned(AboutApplication):
    """An employee was asked to look after an application."""

    employee_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentChanged(AboutApplication):
    """An employee goes on looking after an application, in the role `role` from now on; `fields` names what changed."""

    employee_id: UUID
    role: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeReleased(AboutApplication):
    """An employee no longer looks after an application."""

    employee_id: UUID
    role: str
