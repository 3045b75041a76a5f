"""Who somebody is among those who share a number with them."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from lc_workflow.lending.rules.recognising import Description, Known, MatchedBy, describe, recognise

CARD, PASSPORT, PHONE = ("cambodian_identity", "010234567"), ("passport", "N1234567"), "+85512345678"
FIRST, SECOND = UUID(int=1), UUID(int=2)


def somebody(*papers: tuple[str, str], phone: str | None = None, latin: str = "SOK CHANTHY") -> Description:
    return describe(khmer=None, latin=latin, born=date(1990, 4, 13), identities=papers, phone_keys=[phone])


def known(customer_id: UUID, like: Description) -> Known:
    return Known(
        customer_id=customer_id, traits=like.traits, identity_keys=like.identity_keys, phone_keys=like.phone_keys
    )


def test_who_shows_the_same_paper_is_the_same() -> None:
    assert recognise(somebody(CARD), [known(FIRST, somebody(CARD))]).customer_id == FIRST


def test_a_name_may_be_spelled_otherwise_when_the_day_of_birth_agrees() -> None:
    assert recognise(somebody(CARD, latin="SOK CHANTY"), [known(FIRST, somebody(CARD))]).customer_id == FIRST


def test_who_shows_the_paper_of_somebody_quite_different_is_reported() -> None:
    stranger = describe(khmer=None, latin="KEO BOPHA", born=date(1971, 1, 1), identities=[CARD], phone_keys=[])
    found = recognise(stranger, [known(FIRST, somebody(CARD))])
    assert (found.customer_id, found.others) == (None, ((FIRST, MatchedBy.IDENTITY),))


def test_a_family_shares_a_telephone_and_stays_several_people() -> None:
    wife = somebody(phone=PHONE, latin="KEO BOPHA")
    found = recognise(wife, [known(FIRST, somebody(phone=PHONE))])
    assert (found.customer_id, found.others) == (None, ((FIRST, MatchedBy.PHONE),))


def test_the_same_telephone_and_name_are_the_same_person_with_another_kind_of_paper() -> None:
    assert recognise(somebody(PASSPORT, phone=PHONE), [known(FIRST, somebody(CARD, phone=PHONE))]).customer_id == FIRST


def test_two_identity_cards_are_two_people_whatever_else_agrees() -> None:
    other = somebody(("cambodian_identity", "987654321"), phone=PHONE)
    found = recognise(other, [known(FIRST, somebody(CARD, phone=PHONE))])
    assert (found.customer_id, found.others) == (None, ((FIRST, MatchedBy.PHONE),))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_who_fit_the_better_one_is_meant_and_the_other_is_reported(order: tuple[int, int]) -> None:
    nameless = describe(khmer=None, latin=None, born=None, identities=[CARD], phone_keys=[])
    there = [known(FIRST, nameless), known(SECOND, somebody(CARD))]
    found = recognise(somebody(CARD), [there[place] for place in order])
    assert (found.customer_id, found.others) == (SECOND, ((FIRST, MatchedBy.IDENTITY),))


def test_a_telephone_without_a_name_that_agrees_convinces_nobody() -> None:
    nameless = describe(khmer=None, latin=None, born=date(1990, 4, 13), identities=[], phone_keys=[PHONE])
    for one, other in ((nameless, somebody(phone=PHONE)), (somebody(phone=PHONE), nameless)):
        found = recognise(one, [known(FIRST, other)])
        assert (found.customer_id, found.others) == (None, ((FIRST, MatchedBy.PHONE),))


def test_a_paper_convinces_more_than_a_telephone() -> None:
    caller, holder = somebody(phone=PHONE), somebody(CARD)
    for there in ([known(FIRST, caller), known(SECOND, holder)], [known(SECOND, holder), known(FIRST, caller)]):
        found = recognise(somebody(CARD, phone=PHONE), there)
        assert (found.customer_id, found.others) == (SECOND, ((FIRST, MatchedBy.PHONE),))


def test_who_gives_no_number_has_none_that_they_could_be_found_by() -> None:
    unknown = describe(khmer=None, latin="SOK CHANTHY", born=None, identities=[(None, None)], phone_keys=[None, ""])
    assert unknown.keys == frozenset()
    assert somebody(CARD, phone=PHONE).keys == {"cambodian_identity:010234567", PHONE}


def test_whoever_was_written_down_twice_is_known_by_either_description_and_nobody_else_is() -> None:
    maiden = describe(khmer=None, latin="KEO BOPHA", born=date(1985, 2, 28), identities=[CARD], phone_keys=[])
    nameless = describe(khmer=None, latin=None, born=None, identities=[], phone_keys=[]).traits
    married = replace(known(FIRST, somebody(CARD)), also=(nameless, maiden.traits))
    assert recognise(maiden, [married]).customer_id == recognise(somebody(CARD), [married]).customer_id == FIRST
    stranger = describe(khmer=None, latin="LY MALIS", born=date(1971, 1, 1), identities=[CARD], phone_keys=[])
    assert recognise(stranger, [married]).customer_id is None


def test_a_name_is_the_same_with_and_without_spaces_between_its_words() -> None:
    def called(khmer: str | None, latin: str | None = None) -> Description:
        return describe(khmer=khmer, latin=latin, born=None, identities=[], phone_keys=[PHONE])

    for written in ("សុខចាន់ធី", "សុខ\u200bចាន់ធី", "សុខ  ចាន់ធី"):
        assert recognise(called(written), [known(FIRST, called("សុខ ចាន់ធី"))]).customer_id == FIRST, written
    assert recognise(called(None, "Sok Chan Thy"), [known(FIRST, called(None, "SOK CHANTHY"))]).customer_id == FIRST
    assert recognise(called("សុខ ចាន់"), [known(FIRST, called("សុខ ចាន់ធី"))]).customer_id is None
