"""What the whole application lets the world see of a mistake of ours."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from lc_workflow.app import create_app
from tests.conftest import CHEAP, client_of, settings_for

NO_DATABASE = make_url("postgresql+asyncpg://nobody@127.0.0.1:1/none")


def broken_clock() -> datetime:
    """Fail at the first look, which is before anything is asked of the database."""
    raise RuntimeError("secret text")


@pytest.mark.parametrize("answered_for", [True, False], ids=["answered for", "by nobody"])
async def test_a_mistake_shows_no_traceback_also_where_nobody_answers_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answered_for: bool
) -> None:
    if not answered_for:
        monkeypatch.setattr("lc_workflow.app.exception_handlers", lambda _: {})
    app = create_app(settings_for(NO_DATABASE, upload_folder=tmp_path, debug=True), clock=broken_clock, passwords=CHEAP)
    async with client_of(app) as client:
        for wanted in ("application/json", "text/html", "text/plain"):
            answer = await client.get("/api/v1/health", headers={"Accept": wanted})
            assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (
                500,
                "application/problem+json" if answered_for else "application/json",
            ), wanted
            for told in ("Traceback", "RuntimeError", "secret", "broken_clock", ".py"):
                assert told not in answer.text, wanted
