"""How long an application stood where."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.stays import seconds_by_stage, stays
from tests.moments import NOON


@dataclass(frozen=True)
class Moved:
    target: Stage
    cycle: int
    at: datetime


def hours(number: int) -> datetime:
    return NOON + timedelta(hours=number)


def test_a_draft_stands_where_it_began_until_now() -> None:
    (stay,) = stays(NOON, [], at=hours(3))
    assert (stay.stage, stay.entered_at, stay.left_at, stay.seconds) == (Stage.PO_CREATED, NOON, None, 3 * 3600)


def test_a_second_pass_is_a_stay_of_its_own() -> None:
    moves = [
        Moved(Stage.USER_COMPLETED, 1, hours(1)),
        Moved(Stage.RETURNED, 1, hours(2)),
        Moved(Stage.USER_COMPLETED, 1, hours(5)),
    ]
    told = stays(NOON, moves, at=hours(7))
    assert [(stay.stage, stay.seconds // 3600) for stay in told] == [
        (Stage.PO_CREATED, 1),
        (Stage.USER_COMPLETED, 1),
        (Stage.RETURNED, 3),
        (Stage.USER_COMPLETED, 2),
    ]
    assert seconds_by_stage(told)[Stage.USER_COMPLETED] == 3 * 3600
    assert all(one.left_at == following.entered_at for one, following in pairwise(told))
