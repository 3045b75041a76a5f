"""Which known customer a description is of, and who only shares a number with that person."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from lc_workflow.lending.rules.matching import (
    Likeness,
    Traits,
    compare,
    compare_strictly,
    identity_key,
    kind_of,
    normal_name,
)


class MatchedBy(StrEnum):
    """What two possible duplicates have in common."""

    IDENTITY = "identity"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A person as described: names, birth, and the keys of their identity papers and telephones."""

    traits: Traits
    identity_keys: frozenset[str] = frozenset()
    phone_keys: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """Every key the person can be found by."""
        return self.identity_keys | self.phone_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Description):
    """A customer who shares a number with the person.

    `also` are the descriptions of customers merged into this one: they come back under either name.
    """

    customer_id: UUID
    also: tuple[Traits, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who the described person is, if known, and others who share a number with them."""

    customer_id: UUID | None
    matched_by: MatchedBy | None = None
    others: tuple[tuple[UUID, MatchedBy], ...] = ()

    @property
    def sharing(self) -> tuple[tuple[UUID, MatchedBy], ...]:
        """Everybody who shares a number with the person, and which."""
        same = ((self.customer_id, self.matched_by),) if self.customer_id and self.matched_by else ()
        return (*same, *self.others)


def describe(
    *,
    khmer: str | None,
    latin: str | None,
    born: date | None,
    identities: Iterable[tuple[str | None, str | None]],
    phone_keys: Iterable[str | None],
) -> Description:
    """Describe a person by names, day of birth, identity papers (type and number) and the keys of their telephones."""
    keys = (identity_key(kind, number) for kind, number in identities)
    return Description(
        traits=traits_of(khmer=khmer, latin=latin, born=born),
        identity_keys=frozenset(key for key in keys if key),
        phone_keys=frozenset(key for key in phone_keys if key),
    )


def traits_of(*, khmer: str | None, latin: str | None, born: date | None) -> Traits:
    """What people are compared by; names without spaces, which keyboards and people add or leave out at will."""
    return Traits(khmer=_run_together(khmer), latin=_run_together(latin), born=born)


def recognise(person: Description, known: Sequence[Known]) -> Recognised:
    """Find the person among those who share a number with them (lending.md §5).

    With the same paper it is the same person, unless everything else contradicts it; with the same telephone only when
    a name matches and no paper contradicts it. All others are reported as possible duplicates, and so is a second
    customer who matches.
    """
    judged = [(other, *_judge(person, other)) for other in known]
    fitting = sorted(
        (entry for entry in judged if entry[1] is not Likeness.DIFFERENT),
        key=lambda entry: (entry[1] is not Likeness.SAME, entry[2] is not MatchedBy.IDENTITY, entry[0].customer_id),
    )
    found, matched_by = (fitting[0][0].customer_id, fitting[0][2]) if fitting else (None, None)
    return Recognised(
        found,
        matched_by,
        tuple(
            (other.customer_id, shared)
            for other, _, shared in sorted(judged, key=lambda entry: entry[0].customer_id)
            if other.customer_id != found
        ),
    )


def _judge(person: Description, other: Known) -> tuple[Likeness, MatchedBy]:
    """How alike a customer with a shared number is; a telephone convinces only together with a name."""
    if person.identity_keys & other.identity_keys:
        return _likeness(compare, person, other), MatchedBy.IDENTITY
    likeness = _likeness(compare_strictly, person, other)
    if likeness is Likeness.SAME and not _papers_contradict(person.identity_keys, other.identity_keys):
        return likeness, MatchedBy.PHONE
    return Likeness.DIFFERENT, MatchedBy.PHONE


def _likeness(compared: Callable[[Traits, Traits], Likeness], person: Description, other: Known) -> Likeness:
    """Compare a person with a customer, and with customers merged into that one."""
    if any(compared(person.traits, traits) is Likeness.SAME for traits in other.also):
        return Likeness.SAME
    return compared(person.traits, other.traits)


def _run_together(name: str | None) -> str | None:
    return (normal_name(name) or "").replace(" ", "") or None


def _papers_contradict(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether both have papers of one kind with different numbers: one person has one identity card."""
    return bool({kind_of(key) for key in mine} & {kind_of(key) for key in theirs})
