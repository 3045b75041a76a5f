"""Who may sit at a stage, and for whom somebody may stand in."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import ApprovalStage, Reach
from lc_workflow.lending.rules.authority import (
    BadAuthority,
    BadPeriod,
    Holding,
    LimitAboveOwn,
    NotToOneself,
    NotYoursToDelegate,
    Where,
    check_delegation,
    check_reach,
    fitting,
    is_within,
)
from tests.moments import NOON

BRANCH, OTHER, MANAGER, DEPUTY = uuid4(), uuid4(), uuid4(), uuid4()
HERE = Where(BRANCH, "North")
AT_THE_BRANCH = ApprovalStage("BM", "manager", Reach.BRANCH)
IN_THE_REGION = ApprovalStage("RM", "manager", Reach.REGION)
USD, KHR = Currency.USD, Currency.KHR


def holds(reach: Reach, **changes: Any) -> Holding:
    return Holding(**{"role": "manager", "reach": reach, **changes})


@pytest.mark.parametrize(
    ("holding", "stage", "sits"),
    [
        (holds(Reach.BRANCH, branch_id=BRANCH), AT_THE_BRANCH, True),
        (holds(Reach.BRANCH, branch_id=OTHER), AT_THE_BRANCH, False),
        (holds(Reach.REGION, region="North"), AT_THE_BRANCH, True),
        (holds(Reach.REGION, region="South"), AT_THE_BRANCH, False),
        (holds(Reach.ORGANISATION), AT_THE_BRANCH, True),
        (holds(Reach.BRANCH, branch_id=BRANCH), IN_THE_REGION, False),
        (holds(Reach.REGION, region="North"), IN_THE_REGION, True),
        (holds(Reach.ORGANISATION, role="teller"), AT_THE_BRANCH, False),
    ],
)
def test_the_role_is_held_where_the_application_belongs(holding: Holding, stage: ApprovalStage, *, sits: bool) -> None:
    assert (fitting(stage, HERE, [holding]) == [holding]) is sits


def test_an_application_of_no_branch_is_decided_for_the_whole_organisation_only() -> None:
    nowhere = Where(None, None)
    holdings = [holds(Reach.BRANCH), holds(Reach.REGION), holds(Reach.ORGANISATION)]
    assert fitting(AT_THE_BRANCH, nowhere, holdings) == [holdings[2]]


def test_people_decide_in_their_own_name_where_they_can() -> None:
    standing_in = holds(Reach.ORGANISATION, absent=MANAGER)
    own = holds(Reach.BRANCH, branch_id=BRANCH)
    assert fitting(AT_THE_BRANCH, HERE, [standing_in, own]) == [own, standing_in]


def test_a_limit_is_inclusive_and_for_its_currency_alone() -> None:
    limits = {USD: Decimal(1000)}
    assert is_within(limits, Decimal(1000), USD, needs_limit=True)
    assert not is_within(limits, Decimal("1000.01"), USD, needs_limit=True)
    assert not is_within(limits, Decimal(1), KHR, needs_limit=False)
    assert is_within(None, Decimal(10**9), KHR, needs_limit=False)
    assert not is_within(None, Decimal(1), KHR, needs_limit=True)


@pytest.mark.parametrize(
    ("own", "handed_on", "reaches"),
    [
        (1000, None, 1000),
        (1000, 500, 500),
        (1000, 5000, 1000),
        (None, 500, 500),
    ],
)
def test_a_stand_in_never_has_more_than_whom_they_stand_in_for(
    own: int | None, handed_on: int | None, reaches: int
) -> None:
    limits, handed = ({USD: Decimal(most)} if most else None for most in (own, handed_on))
    seat = holds(Reach.BRANCH, branch_id=BRANCH, absent=MANAGER, limits=limits, handed_on=handed)
    assert seat.most(USD) == Decimal(reaches)
    assert seat.allows(Decimal(reaches), USD, needs_limit=False)
    assert not seat.allows(Decimal(reaches) + Decimal("0.01"), USD, needs_limit=False)
    assert not seat.allows(Decimal(1), KHR, needs_limit=False)


def test_a_limit_handed_on_is_none_on_record_where_whom_they_stand_in_for_has_none() -> None:
    seat = holds(Reach.BRANCH, branch_id=BRANCH, absent=MANAGER, handed_on={USD: Decimal(500)})
    assert seat.allows(Decimal(1), USD, needs_limit=False)
    assert not seat.allows(Decimal(1), USD, needs_limit=True)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"to_id": MANAGER}, NotToOneself),
        ({"ends_at": NOON - timedelta(1)}, BadPeriod),
        ({"starts_at": NOON - timedelta(3), "ends_at": NOON}, BadPeriod),
        ({"starts_at": NOON + timedelta(9)}, BadPeriod),
        ({"starts_at": NOON + timedelta(7)}, BadPeriod),
        ({"role": "ceo"}, NotYoursToDelegate),
        ({"own": [holds(Reach.BRANCH, branch_id=BRANCH, absent=uuid4())]}, NotYoursToDelegate),
        ({"limits": {USD: Decimal(1001)}}, LimitAboveOwn),
        ({"limits": {KHR: Decimal(1)}}, LimitAboveOwn),
    ],
)
def test_a_role_is_handed_on_within_bounds(changes: dict[str, Any], refusal: type[DomainError]) -> None:
    wish: dict[str, Any] = {
        "from_id": MANAGER,
        "to_id": DEPUTY,
        "role": "manager",
        "limits": {USD: Decimal(1000)},
        "starts_at": NOON,
        "ends_at": NOON + timedelta(7),
        "own": [holds(Reach.BRANCH, branch_id=BRANCH, limits={USD: Decimal(1000)})],
        "at": NOON,
    }
    check_delegation(**wish)
    with pytest.raises(refusal):
        check_delegation(**(wish | changes))


@pytest.mark.parametrize(
    ("reach", "branch_id", "region"),
    [
        (Reach.BRANCH, None, None),
        (Reach.REGION, None, None),
        (Reach.REGION, BRANCH, "North"),
        (Reach.ORGANISATION, BRANCH, None),
    ],
)
def test_an_authority_says_where_it_reaches(reach: Reach, branch_id: Any, region: str | None) -> None:
    with pytest.raises(BadAuthority):
        check_reach(reach, branch_id=branch_id, region=region)
