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


@pytest.mark.parametrize(("words", "environ"), [(("--demo",), {}), ((), {"DEBUG": "true"})])
def test_the_demo_of_a_database_elsewhere_is_not_sealed_with_a_key_that_its_servers_do_not_have(
    words: tuple[str, ...], environ: dict[str, str]
) -> None:
    result = seed(URL.create("postgresql", host="db.example", database="loans"), *words, SECRET_KEY="", **environ)
    assert result.exit_code == 1
    assert result.output.startswith("Error: SECRET_KEY must be that of the servers of this database")


def test_among_other_accounts_the_demo_is_refused_in_a_sentence(copy_planted: Settings) -> None:
    ask(copy_planted.database_url, "ALTER TABLE journal_entries DISABLE TRIGGER refuse_to_change_history")
    ask(copy_planted.database_url, "DELETE FROM journal_entries")
    result = seed(copy_planted.database_url, "--demo")
    assert result.exit_code == 1
    assert result.output == (
        "Error: This database has accounts of its own; the demo is planted in an empty one only.\n"
    )


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command is a process of its own, which nobody else has given keys."""
    monkeypatch.setattr("lc_workflow.platform.security.vault._Ring.vault", None)


@pytest.mark.usefixtures("no_keys")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("adopt-approving", str(ROOT / "db" / "seeds" / "strict.toml")), "are decided by matrix 2."),
        (("adopt-checklist", str(ROOT / "db" / "seeds" / "kh-standard.toml")), "the papers of checklist 1."),
        (("recover-admin", "--username=admin", "--password=Branch#2026-second"), "admin may sign in"),
    ],
)
def test_a_command_opens_the_telephones_of_those_it_is_about(
    words: tuple[str, ...], said: str, copy_planted: Settings
) -> None:
    """An administrator who had one was let in again by nobody."""
    environ = {
        "DATABASE_URL": copy_planted.database_url.render_as_string(hide_password=False),
        "SECRET_KEY": copy_planted.secret_key,
    }
    result = CliRunner(env=environ).invoke(house, words)
    assert (result.exit_code, said in result.output) == (0, True), result.output


@pytest.mark.usefixtures("no_keys")
def test_a_command_that_is_given_another_key_says_so(copy_planted: Settings) -> None:
    environ = {"DATABASE_URL": copy_planted.database_url.render_as_string(hide_password=False), "SECRET_KEY": "k" * 32}
    result = CliRunner(env=environ).invoke(
        house, ["recover-admin", "--username=admin", "--password=Branch#2026-second"]
    )
    assert (result.exit_code, "not among ENCRYPTION_KEYS" in result.output) == (1, True), result.output
