"""The people and the things behind an application as rows."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import AMOUNT, choice
from lc_workflow.platform.security.columns import Sealed


class Party(DatedRow):
    """Somebody who stands behind a loan, as the application describes them, and the customer they are.

    The first guarantor is the one whom the web app's `guarantor_*` fields are about.
    """

    __tablename__ = "application_parties"
    __table_args__ = (
        Index("ix_application_parties_application_id", "application_id"),
        Index("ix_application_parties_customer_id", "customer_id"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    role: Mapped[PartyRole] = mapped_column(choice(PartyRole))
    position: Mapped[int] = mapped_column(SmallInteger)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    full_name_khmer: Mapped[str | None] = mapped_column(String(200))
    full_name_latin: Mapped[str | None] = mapped_column(String(200))
    date_of_birth: Mapped[date | None]
    phone: Mapped[str | None] = mapped_column(Sealed("application_parties.phone"))
    id_card_type: Mapped[IdCardType | None] = mapped_column(choice(IdCardType))
    id_number: Mapped[str | None] = mapped_column(Sealed("application_parties.id_number"))
    current_address: Mapped[str | None]
    relation: Mapped[str | None] = mapped_column(String(100))

    @property
    def name(self) -> str | None:
        """What to call them: the Latin name, or the Khmer one."""
        return self.full_name_latin or self.full_name_khmer


class Collateral(DatedRow):
    """Something that is pledged for a loan.

    `entry` is all that a form or a client wrote; the other columns say what could be understood of it
    (`rules.backing.read_collateral`). `value` is in `currency`, or in the loan's where none is given.
    """

    __tablename__ = "collateral"
    __table_args__ = (Index("ix_collateral_application_id", "application_id"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str | None] = mapped_column(String(100))
    description: Mapped[str | None]
    value: Mapped[Decimal | None] = mapped_column(AMOUNT)
    currency: Mapped[Currency | None] = mapped_column(choice(Currency))
    owner_name: Mapped[str | None] = mapped_column(String(200))
    title_number: Mapped[str | None] = mapped_column(String(100))
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)
