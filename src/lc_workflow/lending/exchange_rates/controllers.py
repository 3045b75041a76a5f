"""The paths of exchange rates."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.exchange_rates.access import READ, UPDATE
from lc_workflow.lending.exchange_rates.schemas import NewRate, RateAnswer
from lc_workflow.lending.exchange_rates.service import ExchangeRateService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class ExchangeRateController(Controller):
    """Exchange rates."""

    path = "/api/v1/exchange-rates"
    tags = ("Exchange rates",)
    dependencies = {"rates": provide(ExchangeRateService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_rates(
        self,
        rates: NamedDependency[ExchangeRateService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        currency: FromQuery[Currency | None] = None,
    ) -> Page[RateAnswer]:
        """List exchange rates, the latest first."""
        rows, total = await rates.page(window, currency=currency, principal=principal)
        return Page.of([shaped(row, RateAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(UPDATE)])
    async def write(
        self,
        data: JSONBody[NewRate],
        rates: NamedDependency[ExchangeRateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RateAnswer:
        """Write an exchange rate down."""
        return shaped(await rates.write(data, principal=principal, at=clock()), RateAnswer)
