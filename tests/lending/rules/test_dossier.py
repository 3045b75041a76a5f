"""A printed dossier says what was judged in words of its reader."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.quotes.schemas import told
from lc_workflow.lending.rules.affordability import AffordabilityVerdict
from lc_workflow.lending.rules.dossier import Language, Pages
from lc_workflow.lending.rules.dossier_words import VALUES
from lc_workflow.lending.rules.quoting import Fee, FeeTiming, quote
from lc_workflow.lending.rules.schedule import Frequency, Method, Terms
from lc_workflow.lending.rules.scoring import Recommendation


@pytest.mark.parametrize("judged", sorted({*map(str, AffordabilityVerdict), *map(str, Recommendation)}))
def test_each_judgement_has_words_in_both_languages(judged: str) -> None:
    english, khmer = VALUES[judged]
    assert english.islower()
    assert any("\u1780" <= sign <= "\u17ff" for sign in khmer)


def sections(language: Language, **content: Any) -> list[dict[str, Any]]:
    """What is printed of an application of which nothing else is known."""
    parts = ("parties", "collateral", "decisions", "conditions", "payments", "checklist", "history", "papers")
    nothing: dict[str, list[object]] = {part: [] for part in parts}
    names = {"full_name_khmer": None, "full_name_latin": None}
    said = {"application": {"id": "1"}, "borrower": names, "request": {"currency": "USD"}, "assessment": {}}
    known = {**nothing, **said, "schedule": None, "schedule_refusal": None, **content}
    printed: list[dict[str, Any]] = Pages(known, language).set_out(sha256="", photos=())["sections"]
    return printed


@pytest.mark.parametrize("risk", ["low", "medium", "high", "very_high"])
def test_each_risk_of_a_score_has_words(risk: str) -> None:
    (assessed,) = [one["groups"] for one in sections(Language.KHMER, assessment={"risk": risk}) if one.get("groups")][
        1:
    ]
    assert assessed[0][0][1] not in {risk, "–"}


@pytest.mark.parametrize("timing", FeeTiming)
@pytest.mark.parametrize("language", Language)
def test_a_printed_schedule_adds_up_and_its_fees_stand_beside_it(language: Language, timing: FeeTiming) -> None:
    terms = Terms(Currency.USD, Decimal(1000), Decimal(18), 12, Frequency.MONTHLY, Method.ANNUITY)
    reckoned = quote(terms, [Fee("ADMIN", Decimal(20), timing)])
    schedule = msgspec.json.decode(msgspec.json.encode(told(reckoned, ())))
    (section,) = [one for one in sections(language, schedule=schedule) if one["kind"] == "schedule"]
    *rows, last = section["rows"]
    for column in (2, 3, 4):
        summed = sum(Decimal(row[column].replace(",", "")) for row in rows)
        assert last[column] == f"{summed:,.2f}"
    for figure in ("20.00", f"{reckoned.total:,}"):
        assert figure in section["note"]


def test_a_step_is_printed_with_whom_somebody_stood_in_for() -> None:
    step = {
        "at": "2026-11-24T05:00:00Z", "action": "approve", "target": "APPROVED", "actor_name": "Keo Bopha",
        "on_behalf_of_name": "Meas Sophea", "reason": None, "comment": None,
    }  # fmt: skip
    (history,) = [one for one in sections(Language.ENGLISH, history=[step]) if one["title"] == "History"]
    assert history["rows"][0][3].replace("\u200b", "") == "Keo Bopha (for Meas Sophea)"


@pytest.mark.parametrize(
    ("language", "title", "ended"),
    [(Language.ENGLISH, "Papers that were waived", "ended"), (Language.KHMER, "ឯកសារដែលបានលើកលែង", "បានបញ្ចប់")],
)
def test_a_waiver_is_printed_with_who_answers_for_it(language: Language, title: str, ended: str) -> None:
    waiver = {
        "rule": "NID", "subject_name": "Sok Chanthy", "cycle": 1, "reason": "It burnt.",
        "granted_by_name": "Keo Bopha", "granted_at": "2026-11-24T05:00:00Z", "ends_on": "2026-11-30",
        "ended_by_name": "Meas Sophea", "ended_at": "2026-11-25T05:00:00Z",
    }  # fmt: skip
    (printed,) = [one for one in sections(language, waivers=[waiver]) if one["title"] == title]
    assert [cell.replace("\u200b", "") for cell in printed["rows"][0]] == [
        "NID · Sok Chanthy", "2026-11-24 12:00", "Keo Bopha", "2026-11-30",
        f"It burnt. · {ended} 2026-11-25 12:00, Meas Sophea",
    ]  # fmt: skip
    assert not [one for one in sections(language) if one["title"] == title], "a dossier of before has none"


PAYMENT: dict[str, Any] = {
    "id": "9", "status": "confirmed", "cycle": 1, "currency": "USD", "principal": "1200.00",
    "deducted_fees": "18.00", "amount": "1182.00", "account_id": "00012345",
    "requested_at": "2026-11-24T05:00:00Z", "requested_by_name": "Sok Dara", "connector": "webhook",
    "handed_over_at": "2026-11-24T05:01:00Z", "external_reference": "PAY-1", "attempts": 1, "last_error": None,
    "closed_at": "2026-11-24T09:30:00Z", "closed_by_name": "Keo Bopha", "paid_on": "2026-11-24",
    "reference": "TRX-77", "failure_reason": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "title", "outcomes"),
    [
        (Language.ENGLISH, "Payment", ("not paid", "paid")),
        (Language.KHMER, "ការបើកប្រាក់", ("មិនបានបើក", "បានបើក")),
    ],
)
def test_each_payment_that_was_asked_for_is_printed_with_how_it_ended(
    language: Language, title: str, outcomes: tuple[str, str]
) -> None:
    failed = PAYMENT | {
        "status": "failed",
        "failure_reason": "The account is closed",
        "paid_on": None,
        "reference": None,
    }
    (section,) = [one for one in sections(language, payments=[failed, PAYMENT]) if one["title"] == title]
    first, second = [dict(rows) for rows in section["groups"]]
    assert (next(iter(first.values())), next(iter(second.values()))) == outcomes
    assert "The account is closed" in first.values()
    for said in ("1,200.00", "18.00", "1,182.00", "Sok Dara", "2026-11-24 12:00", "PAY-1", "Keo Bopha", "TRX-77"):
        assert said in second.values(), said


def test_a_dossier_that_was_asked_for_before_payments_stood_in_it_is_printed_without_them() -> None:
    titles = {one["title"] for one in sections(Language.ENGLISH, payments=None)}
    assert "Payment" not in titles
