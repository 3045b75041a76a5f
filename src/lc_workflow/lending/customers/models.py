"""Customers, their identity papers, telephones and accounts, and possible duplicates, as rows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from lc_workflow.lending.rules.matching import identity_key
from lc_workflow.lending.rules.recognising import MatchedBy
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind


class Customer(DatedRow):
    """One person who borrows or guarantees, however many loans they have (lending.md §5).

    Names are stored clean, in one script each. `place_code` is the gazetteer's code as far down as it is known, beside
    the free text of the address. `merged_into` points to the customer this person turned out to be. `written_for` is
    the application that wrote them down first: while nothing else refers to them, and nobody changed them at the
    counter, it may still correct them.
    """

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_branch_id_created_at", "branch_id", text("created_at DESC")),
        Index("ix_customers_created_at", text("created_at DESC")),
        Index("ix_customers_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        *(
            Index(
                f"ix_customers_{column}_trgm",
                func.searchable(text(column)).label("key"),
                postgresql_using="gin",
                postgresql_ops={"key": "gin_trgm_ops"},
            )
            for column in ("full_name_khmer", "full_name_latin")
        ),
    )

    version: Mapped[int] = mapped_column()
    full_name_khmer: Mapped[str | None] = mapped_column(String(200))
    full_name_latin: Mapped[str | None] = mapped_column(String(200))
    date_of_birth: Mapped[date | None]
    sex: Mapped[Sex | None] = mapped_column(choice(Sex))
    marital_status: Mapped[MaritalStatus | None] = mapped_column(choice(MaritalStatus))
    current_address: Mapped[str | None]
    province: Mapped[str | None] = mapped_column(String(100))
    district: Mapped[str | None] = mapped_column(String(100))
    commune: Mapped[str | None] = mapped_column(String(100))
    village: Mapped[str | None] = mapped_column(String(100))
    place_code: Mapped[str | None] = mapped_column(String(8))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    written_for: Mapped[UUID | None]

    papers: Mapped[list["IdentityPaper"]] = relationship(lazy="raise", viewonly=True)
    telephones: Mapped[list["Telephone"]] = relationship(lazy="raise", viewonly=True)
    branch: Mapped[Branch | None] = relationship(lazy="raise", viewonly=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def name(self) -> str:
        """What to call them: the Latin name, or the Khmer one."""
        return self.full_name_latin or self.full_name_khmer or ""

    @property
    def identities(self) -> list["IdentityPaper"]:
        """Their papers, the oldest first; sorted here, because the database cannot sort sealed numbers."""
        return sorted(self.papers, key=lambda paper: (paper.created_at, paper.identity_key))

    @property
    def phones(self) -> list[str]:
        """The numbers they can be called on, the oldest first."""
        lines = sorted(self.telephones, key=lambda telephone: (telephone.created_at, telephone.phone_key))
        return [telephone.phone_key for telephone in lines]


class IdentityPaper(Row):
    """A paper that proves who a customer is; `identity_index` is the blind index of its type and number.

    Two customers may show the same number, because numbers are mistyped and borrowed; that is reported, not refused.
    """

    __tablename__ = "customer_identities"
    __table_args__ = (
        UniqueConstraint("customer_id", "identity_index"),
        Index("ix_customer_identities_identity_index", "identity_index"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    id_card_type: Mapped[IdCardType] = mapped_column(choice(IdCardType))
    id_number: Mapped[str] = mapped_column(Sealed("customer_identities.id_number"))
    identity_index: Mapped[bytes] = mapped_column(BLIND)
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime]

    @property
    def identity_key(self) -> str:
        """Its type and its number as they are compared."""
        return identity_key(self.id_card_type, self.id_number) or ""

    def indexes(self) -> dict[str, bytes | None]:
        """Its blind index."""
        return {"identity_index": blind(self.identity_key, of="identity")}


class Telephone(Row):
    """A telephone of a customer; `phone_index` is the blind index of its number (E.164)."""

    __tablename__ = "customer_phones"
    __table_args__ = (
        UniqueConstraint("customer_id", "phone_index"),
        Index("ix_customer_phones_phone_index", "phone_index"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    phone: Mapped[str] = mapped_column(Sealed("customer_phones.phone"))
    phone_index: Mapped[bytes] = mapped_column(BLIND)
    created_at: Mapped[datetime]

    @property
    def phone_key(self) -> str:
        """Its number as numbers are compared."""
        return phone_key(self.phone) or ""

    def indexes(self) -> dict[str, bytes | None]:
        """Its blind index."""
        return {"phone_index": blind(self.phone_key, of="phone")}


class Account(Row):
    """An account id at the counter, and the one customer it belongs to."""

    __tablename__ = "customer_accounts"
    __table_args__ = (Index("ix_customer_accounts_customer_id", "customer_id"),)

    account_id: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    created_at: Mapped[datetime]


class PossibleDuplicate(Row):
    """Two customers who share a number and may be one person; `other_id` was there first.

    `dismissed_at` says that somebody checked and found two different people.
    """

    __tablename__ = "possible_duplicates"
    __table_args__ = (
        UniqueConstraint("customer_id", "other_id", "matched_by"),
        Index("ix_possible_duplicates_other_id", "other_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    other_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    matched_by: Mapped[MatchedBy] = mapped_column(choice(MatchedBy))
    found_at: Mapped[datetime]
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


WITH_NUMBERS = (selectinload(Customer.papers), selectinload(Customer.telephones), joinedload(Customer.branch))
"""The loads an answer about a customer needs: the branch comes along, papers and telephones take a statement each."""
