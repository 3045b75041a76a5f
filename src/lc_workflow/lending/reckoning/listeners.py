"""What changed working hours mean for deadlines."""

from lc_workflow.lending.reckoning.jobs import RECKON_DEADLINES
from lc_workflow.organization.events import HolidayAdded, HolidayRemoved, HoursSet
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.manifest import Hearing


async def reckon_anew(_: HolidayAdded | HolidayRemoved | HoursSet, hearing: Hearing) -> None:
    """Have all deadlines recalculated, once for several holidays added one after another."""
    await ask_for(hearing.session, RECKON_DEADLINES, queueing_lock=RECKON_DEADLINES.name)
