"""What is wrong with saying that a loan was paid out."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from lc_workflow.lending.rules.disbursement import (
    UNDER_WAY,
    DisbursementStatus,
    Fate,
    Payment,
    key_of_order,
    objections_to_confirming,
    objections_to_failing,
    payment_of,
)
from lc_workflow.lending.rules.quoting import Fee, FeesExhaustPrincipal, FeeTiming

TELLER, MANAGER, TODAY = uuid4(), uuid4(), date(2026, 11, 24)
A_DAY = timedelta(days=1)
PAID: dict[str, Any] = {
    "status": DisbursementStatus.HANDED_OVER,
    "requester": TELLER,
    "confirmer": MANAGER,
    "asked": Payment(Decimal("1250.00"), Decimal("50.00")),
    "currency": "USD",
    "paid": (Decimal(1200), "USD"),
    "paid_on": TODAY,
    "requested_on": TODAY,
    "today": TODAY,
}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"status": DisbursementStatus.REQUESTED}, []),
        ({"requested_on": TODAY - A_DAY, "paid_on": TODAY - A_DAY}, []),
        ({"confirmer": TELLER}, ["SodRequester"]),
        ({"paid": (Decimal("1199.99"), "USD")}, ["AmountMismatch"]),
        ({"paid": (Decimal("1200.01"), "USD")}, ["AmountMismatch"]),
        ({"paid": (Decimal(1250), "USD")}, ["AmountMismatch"]),
        ({"paid": (Decimal(1200), "KHR")}, ["AmountMismatch"]),
        ({"paid_on": TODAY + A_DAY}, ["PaidInFuture"]),
        ({"paid_on": TODAY - A_DAY}, ["PaidBeforeRequest"]),
        ({"status": DisbursementStatus.CONFIRMED}, ["DisbursementOver"]),
        ({"status": DisbursementStatus.FAILED}, ["DisbursementOver"]),
        ({"confirmer": TELLER, "paid": (Decimal(1), "USD")}, ["SodRequester", "AmountMismatch"]),
    ],
)
def test_a_payment_is_confirmed_by_another_as_it_was_asked_for_and_on_a_day_that_can_be(
    changes: dict[str, Any], codes: list[str]
) -> None:
    assert [objection.code for objection in objections_to_confirming(**PAID | changes)] == codes


@pytest.mark.parametrize(
    ("status", "person", "was_handed_over", "codes"),
    [
        (DisbursementStatus.REQUESTED, TELLER, False, []),
        (DisbursementStatus.HANDED_OVER, MANAGER, True, []),
        (DisbursementStatus.HANDED_OVER, TELLER, True, ["SodRequester"]),
        (DisbursementStatus.FAILED, MANAGER, True, ["DisbursementOver"]),
        (DisbursementStatus.CONFIRMED, MANAGER, False, ["DisbursementOver"]),
    ],
)
def test_a_payment_that_was_handed_over_is_called_off_by_another(
    *, status: DisbursementStatus, person: UUID, was_handed_over: bool, codes: list[str]
) -> None:
    objections = objections_to_failing(status=status, requester=TELLER, person=person, was_handed_over=was_handed_over)
    assert [objection.code for objection in objections] == codes


def test_only_fees_that_are_kept_back_make_less_of_a_payment() -> None:
    fees = [Fee("fee", Decimal(number), timing) for number, timing in enumerate(FeeTiming, start=10)]
    assert payment_of(Decimal(1200), fees) == Payment(Decimal(1200), Decimal(10))
    assert payment_of(Decimal(1200), fees).amount == 1190
    assert payment_of(Decimal("10.5"), fees).amount == Decimal("0.5")
    with pytest.raises(FeesExhaustPrincipal):
        payment_of(Decimal(10), fees)


LOAN, SECOND, THIRD = uuid4(), uuid4(), uuid4()
TAKEN, REFUSED, UNSEEN = Fate


@pytest.mark.parametrize(
    ("failed", "key"),
    [
        ((), LOAN),
        (((LOAN, UNSEEN),), LOAN),
        (((LOAN, TAKEN),), THIRD),
        (((LOAN, REFUSED),), THIRD),
        (((LOAN, UNSEEN), (LOAN, TAKEN)), THIRD),
        (((LOAN, UNSEEN), (LOAN, REFUSED)), LOAN),
        (((LOAN, TAKEN), (SECOND, UNSEEN)), SECOND),
        (((SECOND, UNSEEN), (LOAN, TAKEN), (SECOND, REFUSED)), SECOND),
        (((LOAN, TAKEN), (SECOND, REFUSED)), THIRD),
    ],
)
def test_an_order_gets_a_new_key_once_it_is_known_what_became_of_the_one_before(
    failed: tuple[tuple[UUID, Fate], ...], key: UUID
) -> None:
    assert key_of_order(application_id=LOAN, request_id=THIRD, failed=failed) == key


def test_money_may_move_from_the_request_until_somebody_knows_how_it_ended() -> None:
    assert {"requested", "handed_over"} == UNDER_WAY
