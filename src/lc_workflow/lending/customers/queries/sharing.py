"""Which customers share numbers with a person, in prepared statements."""

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, Uuid, any_, bindparam, func, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from lc_workflow.lending.customers.models import Customer, IdentityPaper, Telephone
from lc_workflow.lending.rules.recognising import Description, Known, describe, traits_of
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND
from lc_workflow.platform.security.vault import in_use

MOST_SHARING: Final = 50
"""How many customers with the same number are compared; a number that more people share proves nothing."""


class Sharing:
    """Describes customers in the form in which people are compared: names, day of birth, papers and telephones."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def described(self, *where: Any) -> list[Known]:
        """Describe the customers who meet some conditions."""
        rows = await self._session.execute(
            select(*_SEEN).where(*where).order_by(Customer.created_at, Customer.id).limit(MOST_SHARING)
        )
        return [_known(row) for row in rows]

    async def of(self, described: Description, *, but: UUID | None) -> list[Known]:
        """Describe those who share a number with a person."""
        await self._session.flush()  # a customer corrected a moment ago is compared as corrected
        found = await _SHARING.rows(self._session, **_indexes(described), but=but)
        return [_known(row) for row in found]

    async def hold(self, people: Iterable[Description], customer_ids: Collection[UUID]) -> None:
        """Hold those who share a number with some people, and these customers, in one order.

        A loan that knows two of them by other numbers than another loan does holds them in that order as well.
        """
        sought = [_indexes(described) for described in people]
        every = {name: [index for one in sought for index in one[name]] for name in ("papers", "phones")}
        await _HOLD.rows(self._session, **every, but=None, ids=[*customer_ids])


def _indexes(described: Description) -> dict[str, list[bytes]]:
    """What somebody is looked for by, under every key in use."""
    of = in_use().indexes
    return {
        "papers": [index for key in described.identity_keys for index in of(key, of="identity")],
        "phones": [index for key in described.phone_keys for index in of(key, of="phone")],
    }


def _known(row: Any) -> Known:
    """Describe a customer with their numbers, decrypted, since ciphertexts cannot be compared."""
    described = describe(
        khmer=row.full_name_khmer,
        latin=row.full_name_latin,
        born=row.date_of_birth,
        identities=[*zip(row.kinds, row.numbers, strict=True)],
        phone_keys=[phone_key(phone) for phone in row.phones],
    )
    return Known(
        customer_id=row.id,
        traits=described.traits,
        identity_keys=described.identity_keys,
        phone_keys=described.phone_keys,
        also=tuple(
            traits_of(khmer=khmer, latin=latin, born=born)
            for khmer, latin, born in zip(row.khmer_too, row.latin_too, row.born_too, strict=True)
        ),
    )


def _each(column: InstrumentedAttribute[Any], of: type[IdentityPaper | Telephone]) -> ColumnElement[Any]:
    """The papers or telephones of a customer as JSON, in a fixed order."""
    found = select(column).where(of.customer_id == Customer.id).order_by(of.id)
    return func.array(found.scalar_subquery(), type_=ARRAY(column.type))


_MERGED = aliased(Customer)


def _too(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The descriptions of those merged into a customer, in a fixed order."""
    found = select(column).where(_MERGED.merged_into == Customer.id).order_by(_MERGED.id)
    return func.array(found.scalar_subquery(), type_=ARRAY(column.type))


_SEEN: Final = (
    *(Customer.id, Customer.full_name_khmer, Customer.full_name_latin, Customer.date_of_birth),
    _each(IdentityPaper.id_card_type, IdentityPaper).label("kinds"),
    _each(IdentityPaper.id_number, IdentityPaper).label("numbers"),
    _each(Telephone.phone, Telephone).label("phones"),
    _too(_MERGED.full_name_khmer).label("khmer_too"),
    _too(_MERGED.full_name_latin).label("latin_too"),
    _too(_MERGED.date_of_birth).label("born_too"),
)
"""What people are compared by."""


def _who_shares() -> CompoundSelect[UUID]:
    """Select who has one of some papers or telephones, and is not `but`."""
    paper, phone = IdentityPaper, Telephone

    def first(having: Select[UUID]) -> Select[UUID]:
        return (
            select(Customer.id)
            .where(
                Customer.merged_into.is_(None),
                Customer.id.is_distinct_from(bindparam("but", type_=Uuid())),
                Customer.id.in_(having),
            )
            .order_by(Customer.created_at, Customer.id)
            .limit(MOST_SHARING)
        )

    papers = select(paper.customer_id).where(paper.identity_index == any_(bindparam("papers", type_=ARRAY(BLIND))))
    phones = select(phone.customer_id).where(phone.phone_index == any_(bindparam("phones", type_=ARRAY(BLIND))))
    return union(first(papers), first(phones))


_SHARING: Final = Written(select(*_SEEN).where(Customer.id.in_(_who_shares())))

_HOLD: Final = Written(
    select(Customer.id)
    .where(Customer.id.in_(union(_who_shares(), select(func.unnest(bindparam("ids", type_=ARRAY(Uuid)))))))
    .order_by(Customer.id)
    .with_for_update(key_share=True)
)
"""`key_share` lets loans name them meanwhile."""
