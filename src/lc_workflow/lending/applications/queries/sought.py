"""How a search for applications matches: parts of names in either script, parts of account ids, whole numbers."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    String,
    any_,
    bindparam,
    or_,
    select,
    union,
)

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import names_visible_to
from lc_workflow.lending.applications.models import FOUND_BY, ApplicationName, CustomerApplication
from lc_workflow.lending.rules.matching import clean, scripts_of, with_ascii_digits
from lc_workflow.platform.search import LETTER_FOR, among, mentions, pattern
from lc_workflow.platform.security.columns import BLIND, blinds

_KINDS: Final = {"mentioned": String()} | {name: ARRAY(BLIND) for name in FOUND_BY}


def sought(written: str) -> dict[str, Any]:
    """Turn what somebody typed into the parameters of a statement that uses `mentioned`.

    Text in Khmer letters is not taken for a number.
    """
    wanted = clean(written)
    values: dict[str, Any] = {"mentioned": pattern(with_ascii_digits(wanted).translate(LETTER_FOR))}
    for name, as_found in FOUND_BY.items():
        key = None if "KHMER" in scripts_of(wanted) else as_found(wanted)
        values[name] = blinds(key, of=name)
    return values


def mentioned(written: str) -> ColumnElement[bool]:
    """Match the applications that somebody looks for; for use beside other conditions."""
    return CustomerApplication.id.in_(select(ApplicationName.id).where(_said(written)))


def named_for(principal: Principal, written: str) -> CompoundSelect[UUID]:
    """Select, through the indexes of names, the ids of the applications looked for among those a reader may see."""
    return union(*(select(ApplicationName.id).where(way, _said(written)) for way in names_visible_to(principal)))


def _said(written: str) -> ColumnElement[bool]:
    values = sought(written)
    return _is_sought(lambda name: bindparam(None, values[name], type_=_KINDS[name]))


def _is_sought(brought: Callable[[str], BindParameter[Any]]) -> ColumnElement[bool]:
    row = CustomerApplication
    ways = (getattr(row, f"{name}_index") == any_(brought(name)) for name in FOUND_BY)
    return mentions(ApplicationName.words, brought("mentioned")) | among(
        ApplicationName.id, select(row.id).where(or_(*ways))
    )


SOUGHT: Final = _is_sought(lambda name: bindparam(name, type_=_KINDS[name]))
"""Match names by the parameters of `sought`."""
