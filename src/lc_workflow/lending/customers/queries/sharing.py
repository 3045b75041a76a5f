"""Who shares numbers with somebody: customers as people are compared, in statements that are written once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, any_, bindparam, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.customers.models import Customer, IdentityPaper, Telephone
from lc_workflow.lending.rules.recognising import Description, Known, describe
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND
from lc_workflow.platform.security.vault import in_use

MOST_SHARING: Final = 50
"""With how many people a number is compared; a number that more have, such as a village chief's, tells nothing."""


Seen: TypeAlias = Row[UUID, str | None, str | None, date | None]
"""Who somebody is, their names in Khmer and Latin, and their birth."""


class Sharing:
    """Describes customers the way people are compared: names, day of birth, papers and telephones."""

    def __init__(self, session: AsyncSession) -> None:
        """Read on the caller's session."""
        self._session = session

    async def described(self, *where: Any) -> list[Known]:  # noqa: ANN401 - SQL conditions
        """Describe the customers who meet some conditions, the way people are compared."""
        rows = await self._session.execute(
            select(*_SEEN).where(*where).order_by(Customer.created_at, Customer.id).limit(MOST_SHARING)
        )
        return await self._known(rows.all())

    async def of(self, described: Description, *, but: UUID | None) -> list[Known]:
        """Describe those who share a number with somebody."""
        await self._session.flush()  # who was corrected a moment ago is looked for as they are now
        found = await _SHARING.rows(
            self._session,
            papers=[index for key in described.identity_keys for index in in_use().indexes(key, of="identity")],
            phones=[index for key in described.phone_keys for index in in_use().indexes(key, of="phone")],
            but=but,
        )
        return await self._known(found)

    async def _known(self, rows: Sequence[Seen]) -> list[Known]:
        """Put beside people the numbers they have, opened, for no two seals are alike."""
        if not rows:
            return []
        ids = [row.id for row in rows]
        papers, phones = defaultdict(list), defaultdict(list)
        for customer_id, kind, number in await _PAPERS.rows(self._session, ids=ids):
            papers[customer_id].append((kind, number))
        for customer_id, phone in await _PHONES.rows(self._session, ids=ids):
            phones[customer_id].append(phone_key(phone))
        people = [
            (
                row.id,
                describe(
                    khmer=row.full_name_khmer,
                    latin=row.full_name_latin,
                    born=row.date_of_birth,
                    identities=papers[row.id],
                    phone_keys=phones[row.id],
                ),
            )
            for row in rows
        ]
        return [
            Known(customer_id=one, traits=each.traits, identity_keys=each.identity_keys, phone_keys=each.phone_keys)
            for one, each in people
        ]


_SEEN: Final = (Customer.id, Customer.full_name_khmer, Customer.full_name_latin, Customer.date_of_birth)
"""What people are compared by, beside their numbers."""


def _sharing() -> Select[UUID, str | None, str | None, date | None]:
    """Write the statement once that finds who has one of some papers or telephones, and is not `but`."""
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
    return select(*_SEEN).where(Customer.id.in_(union(first(papers), first(phones))))


_SHARING: Final = Written(_sharing())
_IDS: Final = any_(bindparam("ids", type_=ARRAY(Uuid)))
_PAPERS: Final = Written(
    select(IdentityPaper.customer_id, IdentityPaper.id_card_type, IdentityPaper.id_number).where(
        IdentityPaper.customer_id == _IDS
    )
)
_PHONES: Final = Written(select(Telephone.customer_id, Telephone.phone).where(Telephone.customer_id == _IDS))
