"""The path that says whether an identity number is known."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from lc_workflow.identity.availability.schemas import Availability
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import READ
from lc_workflow.lending.ports import ForLoanBook
from lc_workflow.lending.recognition.queries import Recognition
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import requires


def open_recognition(db_session: DbSession, loan_book: ForLoanBook) -> Recognition:
    """Provide what knows customers by their papers."""
    return Recognition(db_session, loan_book)


class RecognitionController(Controller):
    """Whether an identity number is known."""

    path = "/api/v1/validation"
    tags = ("Customers",)
    dependencies = {"recognition": Provider(open_recognition)}

    @get("/check-id-number", guards=[requires(READ), limit("60/minute", name="availability")])
    async def check(
        self,
        id_number: Annotated[str, QueryParameter(min_length=1, max_length=100)],
        recognition: NamedDependency[Recognition],
        principal: NamedDependency[Principal],
        id_card_type: FromQuery[IdCardType | None] = None,
        exclude_customer_id: FromQuery[UUID | None] = None,
    ) -> Availability:
        """Say whether a customer one may see has a paper with this number."""
        return await recognition.of(id_number, id_card_type, except_for=exclude_customer_id, principal=principal)
