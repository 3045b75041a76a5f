"""When two papers, two names or two descriptions belong to the same person (lending.md §5)."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from itertools import cycle
from typing import Any, Final

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.terms import IdCardType

_KHMER_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_INVISIBLE = re.compile("[\u00ad\u061c\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Invisible characters: joiners and zero-width spaces, direction marks, which telephones put around copied text, and
the two Khmer vowels that are never written."""

_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")
_IDENTITY_CARD = re.compile(r"([0-9]{9})(?:\(([0-9])\))?")
_CARD_DIGITS = 9
_FEWEST_ALIKE = 6
"""A number of this many equal digits was written by somebody who had no number."""
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})

NAMES: Final = ("full_name_khmer", "full_name_latin")
"""The fields of a person's names."""


class MixedScripts(Invalid):
    """A name is written in more than one script, so it is two names, or a disguise."""


class IdentityCardLength(Invalid):
    """A Cambodian identity card has nine digits, and this number has another form."""


class CheckDigitWrong(Invalid):
    """The check digit does not belong to the number: one of the ten digits is mistyped."""


class NotBornYet(Invalid):
    """A person cannot have been born in the future."""


class Likeness(Enum):
    """The result of comparing two descriptions of a person."""

    SAME = auto()
    DIFFERENT = auto()
    UNTOLD = auto()
    """Nothing in them can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What descriptions are compared by: names as `recognising.traits_of` writes them, and the day of birth."""

    khmer: str | None = None
    latin: str | None = None
    born: date | None = None


def clean(text: str) -> str:
    """Write a text the way it is stored: NFC, without zero-width characters, spaces collapsed."""
    return " ".join(_seen(text).split())


def normal_name(name: str | None) -> str | None:
    """Write a name the way it is compared: clean, Latin in capitals; None when nothing is left."""
    return clean((name or "").upper()) or None


def account_as_kept(written: str | None) -> str | None:
    """Write an account id the way it is stored, however it was typed; None when nothing is left."""
    return with_ascii_digits("".join(clean(written or "").split())) or None


def check_name(name: str, *, field: str) -> str:
    """Return a name the way it is stored.

    Raises:
        MixedScripts: Its letters are of more than one script.
    """
    kept = clean(name)
    if len(scripts_of(kept)) > 1:
        raise MixedScripts(f"Write {field} in one script: the Khmer name and the Latin name have a field each.")
    return kept


def check_person(fields: dict[str, Any], *, today: date) -> None:
    """Write the names among these fields the way they are stored, and refuse a birth that cannot be.

    Raises:
        MixedScripts: A name is written in more than one script.
        NotBornYet: The day of birth lies in the future.
    """
    for name in (*NAMES, "guarantor_name"):
        if fields.get(name):
            fields[name] = check_name(fields[name], field=name) or None
    if born := fields.get("date_of_birth"):
        age_on(born, today)


def scripts_of(name: str) -> frozenset[str]:
    """Name the scripts a name's letters are of, such as KHMER and LATIN."""
    return frozenset(
        unicodedata.name(letter, "UNNAMED").partition(" ")[0]
        for letter in name
        if unicodedata.category(letter) in _LETTERS
    )


def normal_number(number: str) -> str:
    """Write a number the way it is compared: Khmer digits as ASCII, Latin in capitals, no spaces or dashes."""
    return _NEITHER_LETTER_NOR_DIGIT.sub("", _plain(number.upper()))


def with_ascii_digits(text: str) -> str:
    """Replace Khmer digits by ASCII ones."""
    return text.translate(_KHMER_DIGITS)


def read_identity_card(written: str) -> str:
    """Read the number of a Cambodian identity card: nine digits, perhaps with the check digit behind them as `(c)`.

    Raises:
        IdentityCardLength: It has another form; ten digits are ambiguous, so the check digit stands in brackets.
        CheckDigitWrong: The check digit is that of another number.
    """
    plain = re.sub(r"[\s\-.]", "", _plain(written))
    read = _IDENTITY_CARD.fullmatch(plain)
    if read is None:
        raise IdentityCardLength(f"A Cambodian identity card has nine digits.{_suggestion(plain)}")
    number, given = read.groups()
    if given is not None and int(given) != check_digit_of(number):
        raise CheckDigitWrong("The check digit does not belong to this number; look at the card again.")
    return number


def check_digit_of(digits: str) -> int:
    """The check digit of ICAO 9303: the digits weighted 7, 3, 1 in turn, modulo ten."""
    return sum(int(digit) * weight for digit, weight in zip(digits, cycle((7, 3, 1)), strict=False)) % 10


def identity_key(id_card_type: str | None, number: str | None) -> str | None:
    """The form in which the type and number of an identity paper are compared; None when there is no usable number.

    The check digit of an identity card is not part of its number, and a paper of unknown kind counts as a card when its
    number looks like one. Placeholders such as `N/A` or `000000000` are no numbers: they would make one person of all
    who share a birthday.
    """
    plain = normal_number(number or "")
    if not _tells_people_apart(plain):
        return None
    if id_card_type in {None, IdCardType.CAMBODIAN_IDENTITY} and number:
        with suppress(Invalid):  # officers write what they are shown; no card number is compared as it is
            return f"{IdCardType.CAMBODIAN_IDENTITY}:{read_identity_card(number)}"
    return f"{id_card_type or IdCardType.OTHER}:{plain}"


def kind_of(key: str) -> IdCardType:
    """The kind of paper of an `identity_key`."""
    return IdCardType(key.partition(":")[0])


def number_key(number: str | None) -> str | None:
    """The form in which the number of any identity paper is searched; None when there is none."""
    key = identity_key(IdCardType.CAMBODIAN_IDENTITY, number)
    return key and key.partition(":")[2]


def age_on(born: date, day: date) -> int:
    """A person's age on a day; somebody born on 29 February has their birthday on 1 March in other years.

    Raises:
        NotBornYet: The day comes before their birth.
    """
    if day < born:
        raise NotBornYet("The day of birth lies in the future.")
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def compare(one: Traits, other: Traits) -> Likeness:
    """Whether two descriptions that share an identity number are of one person.

    One matching name or day of birth is enough: names are spelled in many ways, days are mistyped.
    """
    return _judge(((one.khmer, other.khmer), (one.latin, other.latin), (one.born, other.born)))


def compare_strictly(one: Traits, other: Traits) -> Likeness:
    """Whether two descriptions that share a telephone are of one person: families share telephones.

    A name has to match, and the day of birth where both have one.
    """
    names = _judge(((one.khmer, other.khmer), (one.latin, other.latin)))
    if names is Likeness.SAME and _judge(((one.born, other.born),)) is Likeness.DIFFERENT:
        return Likeness.DIFFERENT
    return names


def _judge(pairs: Iterable[tuple[object, object]]) -> Likeness:
    known = [one == other for one, other in pairs if one is not None and other is not None]
    if not known:
        return Likeness.UNTOLD
    return Likeness.SAME if any(known) else Likeness.DIFFERENT


def _tells_people_apart(plain: str) -> bool:
    digits = [int(sign) for sign in plain if sign.isdecimal()]
    return any(digits) and (len(digits) < _FEWEST_ALIKE or len(set(digits)) > 1)


def _plain(number: str) -> str:
    return _seen(number).translate(_KHMER_DIGITS)


def _seen(text: str) -> str:
    """Remove invisible characters before letters are composed, because they separate accents from their letters."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def _suggestion(plain: str) -> str:
    number, last = plain[:_CARD_DIGITS], plain[_CARD_DIGITS:]
    if re.fullmatch("[0-9]{10}", plain) and int(last) == check_digit_of(number):
        return f" If the last digit is the check digit, write {number}({last})."
    return ""
