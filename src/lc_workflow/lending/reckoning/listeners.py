"""What follows for deadlines when a branch is at work at other times."""

from lc_workflow.lending.reckoning.jobs import RECKON_DEADLINES
from lc_workflow.organization.events import HolidayAdded, HolidayRemoved, HoursSet
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.manifest import Hearing


async def reckon_anew(_: HolidayAdded | HolidayRemoved | HoursSet, hearing: Hearing) -> None:
    """Have all deadlines reckoned anew, once for all the holidays of a year that are added one after another."""
    await ask_for(hearing.session, RECKON_DEADLINES, queueing_lock=RECKON_DEADLINES.name)
