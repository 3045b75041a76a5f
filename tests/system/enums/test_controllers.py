"""Enumerations over HTTP."""

from enum import StrEnum

import pytest
from httpx import AsyncClient

from lc_workflow.lending.rules.labels import LABELS
from tests.conftest import SignIn

URL = "/api/v1/enums"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "id-card-types",
            "cambodian_identity passport driver-license gov-card monk-card family-book birth-certificate other",
        ),
        ("product-types", "monthly_loan biweekly_loan weekly_loan daily_loan"),
        ("loan-purposes", "commerce agriculture education housing vehicle medical other"),
        ("loan-statuses", "draft submitted under_review approved rejected"),
    ],
)
async def test_forms_offer_what_applications_take(client: AsyncClient, sign_in: SignIn, name: str, values: str) -> None:
    viewer = await sign_in("viewer")
    choices = (await client.get(f"{URL}/{name}", headers=viewer.headers)).json()
    assert [choice["value"] for choice in choices] == values.split()
    assert all(set(choice) == {"value", "label", "label_khmer"} for choice in choices)


async def test_a_choice_is_labelled_in_english_and_in_khmer(client: AsyncClient, sign_in: SignIn) -> None:
    viewer = await sign_in("viewer")
    choices = (await client.get(f"{URL}/product-types", headers=viewer.headers)).json()
    assert choices[0] == {"value": "monthly_loan", "label": "Monthly loan", "label_khmer": "កម្ចីប្រចាំខែ"}


async def test_all_enumerations_are_listed_by_name(client: AsyncClient, sign_in: SignIn) -> None:
    viewer = await sign_in("viewer")
    everything = (await client.get(f"{URL}/all", headers=viewer.headers)).json()
    assert everything.keys() >= LABELS.keys()
    for name, choices in everything.items():
        assert (await client.get(f"{URL}/{name}", headers=viewer.headers)).json() == choices


async def test_an_enumeration_that_nobody_publishes_is_missing(client: AsyncClient, sign_in: SignIn) -> None:
    viewer = await sign_in("viewer")
    answer = await client.get(f"{URL}/colours", headers=viewer.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "Missing")


async def test_enumerations_are_for_people_who_are_signed_in(client: AsyncClient) -> None:
    assert (await client.get(f"{URL}/all")).status_code == 401


@pytest.mark.parametrize("name", LABELS)
def test_every_member_of_an_enumeration_has_its_labels(name: str) -> None:
    (kind,) = {type(member) for member in LABELS[name]}
    assert issubclass(kind, StrEnum)
    assert list(LABELS[name]) == list(kind)
    assert all("\u1780" <= khmer[0] <= "\u17ff" for _, khmer in LABELS[name].values())
