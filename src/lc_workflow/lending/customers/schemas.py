"""Customers, their papers and accounts as requests and answers."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert
from msgspec.structs import replace

from lc_workflow.lending.rules.matching import age_on
from lc_workflow.lending.rules.recognising import MatchedBy
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.organization.cards import BranchCard
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import Line, Note, Phone, PlaceCode
from lc_workflow.platform.security.personal import masked

Place = Annotated[str, Meta(max_length=100)]
Reason = Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]


class IdentityWish(Struct, frozen=True, kw_only=True):
    """An identity paper as it was shown."""

    id_card_type: IdCardType
    id_number: Annotated[str, Meta(min_length=1, max_length=100)]
    issued_on: date | None = None
    expires_on: date | None = None


class CustomerChange(Struct, frozen=True, kw_only=True):
    """What to change about a customer: absent fields stay, null clears; lists are given whole.

    `place_code` is a code of the gazetteer: 2 digits name a province, 4 a district, 6 a commune, 8 a village.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"current_address": "Phum 5, Chbar Ampov", "phones": ["012 345 678"]}

    full_name_khmer: Line | UnsetType | None = UNSET
    full_name_latin: Line | UnsetType | None = UNSET
    date_of_birth: date | UnsetType | None = UNSET
    sex: Sex | UnsetType | None = UNSET
    marital_status: MaritalStatus | UnsetType | None = UNSET
    current_address: Note | UnsetType | None = UNSET
    province: Place | UnsetType | None = UNSET
    district: Place | UnsetType | None = UNSET
    commune: Place | UnsetType | None = UNSET
    village: Place | UnsetType | None = UNSET
    place_code: PlaceCode | UnsetType | None = UNSET
    identities: Annotated[list[IdentityWish], Meta(max_length=20)] | UnsetType | None = UNSET
    phones: Annotated[list[Phone], Meta(max_length=20)] | UnsetType | None = UNSET


class NewCustomer(CustomerChange, frozen=True, kw_only=True):
    """Somebody to write down; `branch_id` is for people who work for all branches, others write for their own."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "full_name_khmer": "លី ម៉ាលីស",
        "full_name_latin": "LY MALIS",
        "date_of_birth": "1979-08-09",
        "sex": "female",
        "marital_status": "married",
        "current_address": "Phum 4, Chbar Ampov",
        "identities": [{"id_card_type": "cambodian_identity", "id_number": "030456789", "expires_on": "2031-06-30"}],
        "phones": ["016 777 888"],
    }

    branch_id: UUID | None = None


class MergeRequest(Struct, frozen=True, kw_only=True):
    """The customer who turned out to be this one, and how that was found out."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "customer_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "reason": "The same person, entered twice",
    }

    customer_id: UUID
    reason: Reason


class IdentityAnswer(Struct, frozen=True):
    """An identity paper of a customer."""

    id: UUID
    id_card_type: IdCardType
    id_number: str
    issued_on: date | None
    expires_on: date | None


class CustomerAnswer(Struct, frozen=True, kw_only=True):
    """A person with applications, in the shape of the web app's users and with what we know besides.

    `username` is their name; the first word of the Latin name is the family's. `phones` are in E.164 where they can
    be called. `age` is in full years today. `merged_into` is the customer they turned out to be. What only people of
    the house have is null or zero.
    """

    id: UUID
    version: int
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    full_name_khmer: str | None
    full_name_latin: str | None
    date_of_birth: date | None
    age: int | None = None
    sex: Sex | None
    marital_status: MaritalStatus | None
    current_address: str | None
    province: str | None
    district: str | None
    commune: str | None
    village: str | None
    place_code: str | None
    phone_number: str | None = None
    identities: list[IdentityAnswer]
    phones: list[str]
    branch_id: UUID | None
    branch: BranchCard | None
    merged_into: UUID | None
    application_count: int = 0
    file_count: int = 0
    created_at: datetime
    updated_at: datetime
    email: None = None
    role: str = "customer"
    status: str = "active"
    status_reason: None = None
    is_active: bool = True
    employee_id: None = None
    department_id: None = None
    department: None = None
    position_id: None = None
    position: None = None
    portfolio_id: None = None
    portfolio: None = None
    line_manager_id: None = None
    line_manager: None = None
    profile_image_url: None = None
    onboarding_completed: bool = False
    onboarding_completed_at: None = None
    last_login_at: None = None
    last_activity_at: None = None
    login_count: int = 0
    failed_login_attempts: int = 0

    @classmethod
    def of(cls, customer: object, *, applications: int, files: int, today: date) -> Self:
        """Show a `Customer` row loaded with its numbers, and how much there is of its loans."""
        shown = convert(customer, cls, from_attributes=True)
        born = shown.date_of_birth
        name = shown.full_name_latin or shown.full_name_khmer or ""
        last_name, _, first_name = name.partition(" ")
        return replace(
            shown,
            username=name,
            first_name=first_name,
            last_name=last_name,
            age=age_on(born, today) if born and born <= today else None,
            phone_number=shown.phones[0] if shown.phones else None,
            application_count=applications,
            file_count=files,
        )

    def masked(self) -> Self:
        """The same with its numbers masked."""
        return replace(
            self,
            phone_number=masked(self.phone_number),
            identities=[replace(paper, id_number=masked(paper.id_number)) for paper in self.identities],
            phones=[masked(number) for number in self.phones],
        )


class CustomerCard(Struct, frozen=True):
    """A customer, as others show them."""

    id: UUID
    full_name_khmer: str | None
    full_name_latin: str | None
    date_of_birth: date | None
    branch_id: UUID | None


class DuplicateAnswer(Struct, frozen=True):
    """A customer who may be the same person, what the two share, and whether somebody found them to be different."""

    id: UUID
    customer: CustomerCard
    matched_by: MatchedBy
    found_at: datetime
    dismissed_at: datetime | None


class AccountAnswer(Struct, frozen=True):
    """An account id that belongs to a customer."""

    id: UUID
    account_id: str
    customer_id: UUID
    created_at: datetime
