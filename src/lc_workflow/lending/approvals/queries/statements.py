"""The prepared statements that fetch what decisions are based on."""

from typing import Any, Final

from sqlalchemy import (
    Date,
    Integer,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from lc_workflow.identity.users.models import FormerTelephone, User
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.assessment.models import Affordability
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.customers.models import Customer, Telephone
from lc_workflow.lending.rules.deliberation import Decision
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.scoring.models import ApplicationScore
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.search import among
from lc_workflow.platform.security.columns import BLIND

_CUSTOMER: Final = bindparam("customer_id", type_=Uuid)
_STOOD_FOR: Final = select(Party.application_id).where(Party.customer_id == _CUSTOMER)
GRANTED: Final = Written(
    select(CustomerApplication.currency, func.sum(CustomerApplication.approved_amount))
    .where(
        (CustomerApplication.customer_id == _CUSTOMER) | among(CustomerApplication.id, _STOOD_FOR),
        CustomerApplication.id != bindparam("but", type_=Uuid),
        or_(
            CustomerApplication.workflow_status == Stage.APPROVED,
            CustomerApplication.workflow_status == Stage.DISBURSED,
        ),
        CustomerApplication.approved_amount.is_not(None),
    )
    .group_by(CustomerApplication.currency)
)
"""What a customer was granted, alone or with others, and still has, and what they guarantee; besides one loan."""

_OF_ONE: Final = bindparam("application_id", type_=Uuid)
_PEOPLE_OF_ONE: Final = union_all(
    select(CustomerApplication.customer_id).where(CustomerApplication.id == _OF_ONE),
    select(Party.customer_id).where(Party.application_id == _OF_ONE),
)

HOLD_CUSTOMERS: Final = Written(
    select(Customer.id).where(Customer.id.in_(_PEOPLE_OF_ONE)).order_by(Customer.id).with_for_update(key_share=True)
)
"""All parties to a loan, locked until the transaction ends; `key_share` still lets loans refer to them."""

_WAITING: Final = (
    select(CustomerApplication.id)
    .where(
        or_(
            CustomerApplication.workflow_status == Stage.MANAGER_REVIEW,
            CustomerApplication.workflow_status == Stage.APPROVED,
        )
    )
    .order_by(CustomerApplication.id)
)
WAITING_OF: Final = Written(
    _WAITING.where((CustomerApplication.customer_id == _CUSTOMER) | among(CustomerApplication.id, _STOOD_FOR))
)
"""The loans that wait for a decision or a payment and to which a customer is a party."""

_REACHED: Final = select(Telephone.customer_id).where(
    Telephone.phone_index == any_(bindparam("indexes", type_=ARRAY(BLIND)))
)
WAITING_BEHIND_PHONE: Final = Written(
    _WAITING.where(
        (CustomerApplication.phone_index == any_(bindparam("indexes", type_=ARRAY(BLIND))))
        | among(CustomerApplication.customer_id, _REACHED)
        | among(CustomerApplication.id, select(Party.application_id).where(Party.customer_id.in_(_REACHED)))
    )
)
"""The loans that wait for a decision or a payment and to which somebody with one of some telephones is a party."""

WAITING_BESIDE: Final = Written(
    _WAITING.where(
        CustomerApplication.workflow_status == Stage.MANAGER_REVIEW,
        CustomerApplication.customer_id.in_(_PEOPLE_OF_ONE),
        CustomerApplication.id != _OF_ONE,
    )
)
"""The loans that wait for a decision and share a party with one loan."""


def _judged() -> Select[*tuple[Any, ...]]:
    score = (
        select(ApplicationScore)
        .where(ApplicationScore.application_id == _OF_ONE)
        .order_by(ApplicationScore.number.desc())
        .limit(1)
    )
    household = (
        select(Affordability).where(Affordability.application_id == _OF_ONE).order_by(Affordability.number.desc())
    ).limit(1)
    return select(
        score.with_only_columns(ApplicationScore.document).scalar_subquery().label("score"),
        score.with_only_columns(ApplicationScore.material_changes).scalar_subquery().label("scored_at_change"),
        household.with_only_columns(Affordability.document).scalar_subquery().label("affordability"),
        household.with_only_columns(Affordability.verdict).scalar_subquery().label("verdict"),
        household.with_only_columns(Affordability.material_changes).scalar_subquery().label("assessed_at_change"),
    )


JUDGED: Final = Written(_judged())
"""The latest findings about an application."""

RECUSED: Final = (
    select(ApplicationDecision.actor_id)
    .where(
        ApplicationDecision.application_id == _OF_ONE,
        ApplicationDecision.cycle == bindparam("cycle", type_=Integer),
        ApplicationDecision.decision == Decision.RECUSE,
    )
    .distinct()
)
"""Who recused themselves from an application in one of its cycles, which is for good."""

VOTES_OF_CASE: Final = Written(
    select(
        ApplicationDecision.stage,
        ApplicationDecision.decision,
        ApplicationDecision.actor_id,
        ApplicationDecision.on_behalf_of,
    )
    .where(ApplicationDecision.case_id == bindparam("case_id", type_=Uuid), ApplicationDecision.voided_at.is_(None))
    .order_by(ApplicationDecision.number)
)

PHONES: Final = func.array(
    select(Party.phone).where(Party.application_id == CustomerApplication.id).scalar_subquery(),
    type_=ARRAY(Party.phone.type),
).label("phones")
"""The telephones that an application names for those behind it."""

_PARTIES: Final = func.array(
    select(Party.customer_id)
    .where(Party.application_id == CustomerApplication.id)
    .correlate(CustomerApplication)  # two levels down SQLAlchemy does not do it by itself, and all parties were meant
    .scalar_subquery(),
    type_=ARRAY(Uuid),
)
KNOWN_PHONES: Final = func.array(
    select(Telephone.phone)
    .where(Telephone.customer_id == any_(func.array_append(_PARTIES, CustomerApplication.customer_id)))
    .correlate(CustomerApplication)
    .scalar_subquery(),
    type_=ARRAY(Telephone.phone.type),
).label("known_phones")
"""The telephones known of all parties, from their customer rows."""

PHONES_BEHIND: Final = Written(select(PHONES, KNOWN_PHONES).where(CustomerApplication.id == _OF_ONE))

_PERSON: Final = bindparam("person", type_=Uuid)
OWN_PHONE: Final = select(User.phone_number).where(User.id == _PERSON).scalar_subquery().label("own_phone")
CARD_PHONE: Final = (
    select(Employee.phone_number).where(Employee.user_id == _PERSON).scalar_subquery().label("card_phone")
)
"""The telephone on the employee card of an account's owner; the account itself may have none."""
_WITHIN_A_YEAR: Final = FormerTelephone.given_up_at > bindparam("on", type_=Date) - text("interval '1 year'")
FORMER_PHONES: Final = func.array(
    select(FormerTelephone.phone_number).where(FormerTelephone.user_id == _PERSON, _WITHIN_A_YEAR).scalar_subquery(),
    type_=ARRAY(FormerTelephone.phone_number.type),
).label("former_phones")
"""The telephones somebody gave up within a year. Changing a number does not stop anybody from being a party; after a
year numbers are given to others."""

TELEPHONES_OF: Final = Written(
    select(User.id, User.phone_number, Employee.phone_number, FormerTelephone.phone_number)
    .outerjoin(Employee, Employee.user_id == User.id)
    .outerjoin(FormerTelephone, (FormerTelephone.user_id == User.id) & _WITHIN_A_YEAR)
    .where(User.id == any_(bindparam("people", type_=ARRAY(Uuid))))
)
"""People with their telephones, one row for each that they gave up within a year."""

WHO_HAS: Final = Written(
    union_all(
        select(FormerTelephone.user_id, FormerTelephone.phone_number).where(_WITHIN_A_YEAR),
        select(User.id, cast(null(), FormerTelephone.phone_number.type)).where(
            User.phone_index == any_(bindparam("indexes", type_=ARRAY(BLIND)))
        ),
        select(Employee.user_id, cast(null(), FormerTelephone.phone_number.type)).where(
            Employee.user_id.is_not(None), Employee.phone_index == any_(bindparam("indexes", type_=ARRAY(BLIND)))
        ),
    )
)
"""Who gave a telephone up within a year, with its number; and who has one of some telephones, by account or employee
card, without it."""

TIES: Final = Written(
    select(
        exists(RECUSED.where(ApplicationDecision.actor_id == _PERSON)).label("has_recused"),
        OWN_PHONE,
        CARD_PHONE,
        FORMER_PHONES,
        PHONES,
        KNOWN_PHONES,
    ).where(CustomerApplication.id == _OF_ONE)
)
"""What may tie somebody to a loan: that they recused themselves, or that their telephone is one of a party's."""
