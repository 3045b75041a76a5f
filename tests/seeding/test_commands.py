"""`make seed` plants what belongs there, and says why where nothing does."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL

from lc_workflow.cli import house
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.config import Settings
from tests.conftest import ROOT


def seed(database: URL, *words: str, **environ: str) -> Result:
    environ["DATABASE_URL"] = database.render_as_string(hide_password=False)
    return CliRunner(env=environ).invoke(house, ["seed", *words])


def ask(database: URL, question: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(database.set(drivername="postgresql").render_as_string(hide_password=False))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(answer())


def test_an_installation_is_given_a_base_and_no_accounts(copy_database: Callable[[], URL]) -> None:
    database = copy_database()
    first, second = seed(database), seed(database)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert "The seeds are planted: 13 steps taken, 0 before" in first.output
    assert "The seeds are planted: 0 steps taken, 13 before" in second.output
    assert "password" not in first.output
    assert ask(database, "SELECT count(*) FROM users") == 0
    assert ask(database, "SELECT count(*) FROM departments") == 4


def test_a_checklist_is_put_in_force_in_the_name_of_somebody(copy_database: Callable[[], URL]) -> None:
    environ = {"DATABASE_URL": copy_database().render_as_string(hide_password=False)}
    file = str(ROOT / "db" / "seeds" / "kh-standard.toml")
    refused = CliRunner(env=environ).invoke(house, ["adopt-checklist", file])
    assert (refused.exit_code, refused.output) == (1, "Error: There is no active account named admin.\n")


@pytest.mark.parametrize(("words", "environ"), [(("--demo",), {}), ((), {"DEBUG": "true"})])
def test_a_demo_that_stands_is_left_as_it_is(
    words: tuple[str, ...], environ: dict[str, str], copy_planted: Settings
) -> None:
    environ["UPLOAD_FOLDER"] = str(copy_planted.upload_folder)
    result = seed(copy_planted.database_url, *words, **environ)
    assert result.exit_code == 0, result.output
    assert "The seeds are planted: 0 steps taken" in result.output
    assert f"Demo accounts: {', '.join(Role)}; password Demo#2026pass" in result.output


def test_among_other_accounts_the_demo_is_refused_in_a_sentence(copy_planted: Settings) -> None:
    ask(copy_planted.database_url, "ALTER TABLE journal_entries DISABLE TRIGGER refuse_to_change_history")
    ask(copy_planted.database_url, "DELETE FROM journal_entries")
    result = seed(copy_planted.database_url, "--demo")
    assert result.exit_code == 1
    assert result.output == (
        "Error: This database has accounts of its own; the demo is planted in an empty one only.\n"
    )
