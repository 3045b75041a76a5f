"""What keeps people from the steps of an application: the one place for moves and for the list of actions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import DomainError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.service import ApprovalService, Ruling
from lc_workflow.lending.customers.service import AccountOfAnother
from lc_workflow.lending.quotes.service import obstacles_to
from lc_workflow.lending.requirements.queries import PapersAsked
from lc_workflow.lending.rules.checklist import Gate
from lc_workflow.lending.rules.deliberation import AGREEING
from lc_workflow.lending.rules.disbursement import DisbursementUnderWay
from lc_workflow.lending.rules.editing import incompleteness
from lc_workflow.lending.rules.expiry import ApprovalExpired, valid_days, valid_until
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.matching import account_as_kept
from lc_workflow.lending.rules.objections import (
    BranchClosed,
    NothingToRecommendFor,
    to_amount,
    to_outdated,
    to_standing_in,
)
from lc_workflow.lending.rules.scoring import Recommendation
from lc_workflow.lending.rules.stages import (
    APPROVE,
    Action,
    Circumstances,
    Step,
    refusals,
)
from lc_workflow.lending.scoring.service import disagreement
from lc_workflow.lending.workflow.queries import Docket
from lc_workflow.lending.workflow.schemas import Wish

TYPED_IN: Final = "typed in with the action"
"""Stands for what a person types in with an action, when the question is only whether they may take it."""


class ConditionsOpen(Invalid):
    """Conditions of the approval are still to be met."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What keeps a person from a step, and in what capacity they decide."""

    obstacles: tuple[DomainError, ...]
    ruling: Ruling


class Obstacles:
    """Collects what speaks against a step: the rules, the papers, the product, the law and the approval."""

    def __init__(self, session: AsyncSession, approvals: ApprovalService) -> None:
        """Work on the request's session; `approvals` knows who decides."""
        self._approvals = approvals
        self._asked = PapersAsked(session)

    async def to(self, step: Step, docket: Docket, wish: Wish | None, *, principal: Principal, at: datetime) -> Weighed:
        """Collect everything that keeps a person from a step now.

        Without a `wish` the question is only whether they may take it: what they would type in is not missed.
        """
        application, sitting = docket.application, docket.sitting
        permissions, ruling = permissions_for(principal, application), Ruling()
        if ballot := (wish or Wish()).ballot(step):
            ruling = await self._approvals.ruling(sitting, ballot, at=at)
            if ruling.is_entitled:
                permissions |= {APPROVE}
        found: list[DomainError] = [
            *refusals(
                step,
                Circumstances(
                    person=principal.id,
                    permissions=permissions,
                    preparers=(application.user_id, *application.preparers),
                    editors=application.editors,
                    account_id=account_of(application, wish) if wish else TYPED_IN,
                    reason=wish.reason if wish else TYPED_IN,
                ),
            ),
            *ruling.obstacles,
        ]
        found += _against_recommending(step, docket, wish.recommended if wish else UNSAID, at=at)
        match step.action:
            case Action.SUBMIT:
                found += to_standing_in(for_oneself=docket.is_behind_own, twice=docket.is_behind_twice)
                found += incompleteness(
                    names=(application.full_name_khmer, application.full_name_latin),
                    requested_amount=application.requested_amount,
                )
                found += obstacles_to(application, application.requested, docket.grounds, at=at)
                found += await self._papers(docket, Gate.SUBMIT, at=at)
            case Action.SEND_TO_REVIEW:
                found += await self._papers(docket, Gate.REVIEW, at=at)
            case Action.APPROVE if ballot and ballot.decision in AGREEING:
                found += obstacles_to(application, ruling.terms or application.proposed, docket.grounds, at=at)
                found += await self._papers(docket, Gate.APPROVE, at=at)
                said = wish.reason or wish.comment if wish else TYPED_IN
                found += to_standing_in(for_oneself=docket.is_behind_own, twice=docket.is_behind_twice)
                found += to_outdated(docket.outdated)
                found += disagreement(docket.recommended, Recommendation.APPROVE, reason=said)
            case Action.UNDO_APPROVAL:
                if application.disbursement_requested_at is not None:
                    paying = "This loan is being paid out; its approval cannot be undone now."
                    found.append(DisbursementUnderWay(paying))
                ruling = await self._approvals.seat_at_last_stage(sitting, at=at)
                found += ruling.obstacles
            case Action.DISBURSE:
                found += await self.to_disbursing(docket, at=at)
            case Action.REOPEN if not docket.is_branch_open:
                found.append(BranchClosed())
            case _:
                pass
        return Weighed(tuple(found), ruling)

    async def to_disbursing(self, docket: Docket, *, at: datetime) -> list[DomainError]:
        """List what keeps an approved loan from being paid out now; empty when nothing does."""
        papers = await self._papers(docket, Gate.DISBURSE, at=at)
        return [*_against_paying_out(docket, at=at), *papers]

    async def _papers(self, docket: Docket, gate: Gate, *, at: datetime) -> list[Invalid]:
        product = docket.grounds.conditions
        wanted = product.required_documents if product else ()
        return await self._asked.obstacles(docket.application, gate, by_product=wanted, at=at)


def account_of(application: CustomerApplication, wish: Wish) -> str | None:
    """The account a step is taken with: the one that is typed in, or else the one that is known."""
    return account_as_kept(wish.account_id) or application.account_id


def _against_recommending(step: Step, docket: Docket, recommended: LoanTerms, *, at: datetime) -> list[DomainError]:
    """What speaks against the terms that a step recommends, the product and the law included."""
    if recommended == UNSAID:
        return []
    if step.action is not Action.SEND_TO_REVIEW:
        return [NothingToRecommendFor("Terms are recommended when the application is sent to review.")]
    application = docket.application
    return [
        *to_amount(application, recommended.amount, field="recommended_amount"),
        *obstacles_to(application, recommended.over(application.requested), docket.grounds, at=at),
    ]


def _against_paying_out(docket: Docket, *, at: datetime) -> list[DomainError]:
    """What speaks against paying out: the approval itself, its conditions, the account, the product, the law."""
    application, found = docket.application, list[DomainError]()
    if application.approved_at is not None:
        # What was asked for in time is paid out, however long the payment takes.
        in_time = min(at, application.disbursement_requested_at or at)
        ends_at = valid_until(application.approved_at, days=valid_days(docket.valid_days))
        found += [ApprovalExpired(ends_at)] if ends_at <= in_time else []
    if still_open := docket.open_conditions:
        found.append(ConditionsOpen(f"{still_open} of the conditions of this approval are still to be met."))
    if application.account_id is not None and not docket.has_account:
        whose = "The account of this loan belongs to another customer; undo the approval, and have the account checked."
        found.append(AccountOfAnother(whose))
    found += to_standing_in(for_oneself=docket.is_behind_own, twice=docket.is_behind_twice)
    return found + obstacles_to(application, application.approved, docket.grounds, at=at)
