"""Writing exchange rates down, and taking a snapshot of those that hold."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.events import ExchangeRateSet
from lc_workflow.lending.exchange_rates.access import visible_to
from lc_workflow.lending.exchange_rates.models import ExchangeRate
from lc_workflow.lending.exchange_rates.schemas import NewRate
from lc_workflow.lending.rules.rates import check_rate
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.service import Service


class RateOfItself(Invalid):
    """A currency is told in itself."""


class ExchangeRateService(Service[ExchangeRate]):
    """What currencies are worth."""

    noun = "exchange rate"

    async def page(
        self, window: Window, *, currency: Currency | None, principal: Principal
    ) -> tuple[Sequence[ExchangeRate], int]:
        """List rates, the latest first, with how many there are in all."""
        where = [visible_to(principal), *([ExchangeRate.currency == currency] if currency else [])]
        return await self.page_of(window, *where, by=[ExchangeRate.valid_on.desc(), ExchangeRate.number.desc()])

    async def write(self, wish: NewRate, *, principal: Principal, at: datetime) -> ExchangeRate:
        """Write a rate down; what was reckoned with an earlier one stays as it is.

        Raises:
            RateOfItself: The two currencies are one.
            UnlikelyRate: Nobody can mean it.
        """
        if wish.currency is wish.base:
            raise RateOfItself("A rate tells one currency in another.", errors=(FieldError("currency", "is the base"),))
        check_rate(wish.base, wish.rate)
        async with self.transaction():
            rate = await self.create(
                ExchangeRate(
                    base=wish.base,
                    currency=wish.currency,
                    rate=wish.rate,
                    valid_on=wish.valid_on or local_day(at),
                    source=wish.source,
                    set_by=principal.id,
                    set_at=at,
                )
            )
            self.announce(
                ExchangeRateSet(
                    actor_id=principal.id,
                    at=at,
                    rate_id=rate.id,
                    base=wish.base.value,
                    currency=wish.currency.value,
                    rate=rate.rate,
                )
            )
        return rate

    async def snapshot(self, base: Currency, *, at: datetime) -> Sequence[ExchangeRate]:
        """The rates that hold at a moment, one for each other currency that has one."""
        rows = await self.session.scalars(
            select(ExchangeRate)
            .ext(distinct_on(ExchangeRate.currency))
            .where(ExchangeRate.base == base, ExchangeRate.valid_on <= local_day(at))
            .order_by(ExchangeRate.currency, ExchangeRate.valid_on.desc(), ExchangeRate.number.desc())
        )
        return rows.all()
