"""The database is reached beside the pool of the requests, and a sign of life is not missed."""

from pathlib import Path

import pytest
from sqlalchemy import URL, text

from lc_workflow.platform.db.reaching import engine_for_once, ping, probe_engine, reach_database
from lc_workflow.platform.variables import BadSetting
from tests.conftest import settings_for


async def test_a_database_that_began_anew_is_alive_at_the_first_question(template: URL) -> None:
    """Its restart cut the connection of whoever asks for signs of life, between two questions."""
    probe = probe_engine(settings_for(template))
    await ping(probe)
    async with engine_for_once(template).connect() as restart:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lc-workflow'"
        await restart.execute(text(f"{cut} AND datname = current_database()"))
    await ping(probe)
    await probe.dispose()


async def test_an_authority_that_sslmode_wants_and_nobody_has_put_there_is_asked_for(
    template: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was not even called, so that it is silent would be no help."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    with pytest.raises(BadSetting, match=r"^DATABASE_URL .* PGSSLROOTCERT .*\.$"):
        await reach_database(engine_for_once(template.update_query_dict({"ssl": "verify-full"})))
