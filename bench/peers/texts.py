"""The statements of ours as texts, so that the bare peer asks PostgreSQL the same without what wrote them."""

import json

import lc_workflow.app  # noqa: F401 - maps all tables
from lc_workflow.identity.users.queries import _SHOWN
from lc_workflow.lending.applications.queries.whole import _ONE, _WHOLE
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.security.vault import Vault


def texts(secret: str) -> dict[str, str]:
    """Write what the bare peer is told in its environment: statements, and numbers sealed as ours are."""
    vault = Vault(secret)
    return {
        "BENCH_ME": _text(_SHOWN),
        "BENCH_WHOLE": _text(_WHOLE),
        "BENCH_ONE": _text(_ONE),
        "BENCH_PHONE": vault.seal("+85512345678", about="customer_applications.phone").hex(),
        "BENCH_NUMBER": vault.seal("010203040", about="customer_applications.id_number").hex(),
    }


def _text(statement: Written) -> str:
    """Write a statement and its arguments as JSON; an argument that the request brings is null."""
    return json.dumps([statement.text, statement.always])
