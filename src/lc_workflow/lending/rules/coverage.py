"""Whether an approval matrix has a path for every possible loan."""

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from itertools import product
from typing import Final, TypeVar

from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import Matrix, Rule, When

T = TypeVar("T")

OTHER: Final = "any other"
"""Stands for every product, risk or branch that no rule names, and for an unknown one."""


class CoverageGap(Invalid):
    """Some loans have no path through the matrix."""


def check_coverage(matrix: Matrix) -> None:
    """Refuse to publish a matrix without a path for some amount of some kind of loan.

    Amounts are compared unrounded: rules up to 1,000 and from 1,000.01 leave a gap, because a loan in riel may be worth
    an amount in between.

    Raises:
        CoverageGap: It names the first loans without a path.
    """
    for gap in _gaps(matrix):
        raise CoverageGap(f"The matrix has no path for {gap}.")


def _gaps(matrix: Matrix) -> Iterator[str]:
    rules, seen = matrix.rules, set[frozenset[int]]()
    for kind in product(
        _kinds(rules, lambda when: when.currencies, tuple(Currency)),
        _kinds(rules, lambda when: when.products),
        _kinds(rules, lambda when: when.risks),
        _kinds(rules, lambda when: when.branches),
        _kinds_of_exceptions(rules),
    ):
        fitting = frozenset.intersection(*(those for _, those in kind))
        if fitting in seen:
            continue
        seen.add(fitting)
        if (hole := _hole(rules[number].when for number in fitting)) is not None:
            currency, sort, risk, branch, exceptions = (word for word, _ in kind)
            yield (
                f"{hole} {matrix.base_currency} (loans in {currency}, product {sort}, risk {risk}, branch {branch}, "
                f"{exceptions} policy exceptions)"
            )


def _kinds(
    rules: Iterable[Rule], wanted: Callable[[When], Collection[T]], values: Iterable[T] | None = None
) -> list[tuple[str, frozenset[int]]]:
    """List the values a rule can ask for, each with the numbers of the rules that match it."""
    rules = list(rules)
    asked = [wanted(rule.when) for rule in rules]
    named: list[T] = sorted(set().union(*asked), key=str) if values is None else list(values)
    kinds = [(str(value), _numbers(not those or value in those for those in asked)) for value in named]
    return kinds if values is not None else [*kinds, (OTHER, _numbers(not those for those in asked))]


def _kinds_of_exceptions(rules: Iterable[Rule]) -> list[tuple[str, frozenset[int]]]:
    asked = [rule.when.exceptions for rule in rules]
    return [
        ("without", _numbers(wanted in {None, False} for wanted in asked)),
        ("with", _numbers(wanted in {None, True} for wanted in asked)),
    ]


def _numbers(flags: Iterable[bool]) -> frozenset[int]:
    return frozenset(number for number, flag in enumerate(flags) if flag)


def _hole(whens: Iterable[When]) -> str | None:
    """Describe the first amounts that none of the rules covers, or None when they cover all."""
    reached: Decimal | None = Decimal(0)
    is_first = True
    for when in sorted(whens, key=lambda when: when.min_amount or Decimal(0)):
        low = when.min_amount or Decimal(0)
        if reached is None:
            return None
        if low > reached:
            break
        is_first = False
        reached = None if when.max_amount is None else max(reached, when.max_amount)
    if reached is None:
        return None
    return "any amount" if is_first and reached == 0 else f"amounts above {reached}"
