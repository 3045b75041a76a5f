"""The commands do what they say, and refuse with a sentence."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL

from lc_workflow.cli import database, house, installation, keeping
from lc_workflow.platform.workbench import revision_of
from tests.conftest import ROOT
from tests.servers.databases import empty_database_on, stand_at
from tests.servers.memory import roomy_folder

Run = Callable[..., Result]


@pytest.fixture
def empty_database(server: URL) -> URL:
    return empty_database_on(server)


@pytest.fixture
def run(empty_database: URL) -> Run:
    """Run a command on an empty database."""
    environ = {"DATABASE_URL": empty_database.render_as_string(hide_password=False)}
    return lambda *words, **other: CliRunner(env={**environ, **other}).invoke(house, words)


def test_the_database_goes_to_the_newest_revision_and_back(run: Run, empty_database: URL) -> None:
    assert run("migrate").exit_code == 0
    newest = revision_of(empty_database)
    assert newest is not None
    assert run("migrate").exit_code == 0
    assert run("rollback", "-1").exit_code == 0
    assert revision_of(empty_database) != newest
    assert run("migrate").exit_code == 0
    assert run("rollback", "base").exit_code == 0
    assert revision_of(empty_database) is None


def test_the_first_administrator_is_created_once(run: Run) -> None:
    assert run("migrate").exit_code == 0
    dara = ["--username=Dara", "--email=dara@branch.example", "--first-name=Dara", "--last-name=Sok"]
    slips = ["--username=D", "--email=dara", "--first-name=Dara", "--last-name=Sok"]
    unfit = run("create-admin", *slips, ADMIN_PASSWORD="Branch#2026-first")
    assert (unfit.exit_code, unfit.output.count(" must ")) == (1, 2), unfit.output
    assert "`" not in unfit.output
    weak = run("create-admin", *dara, ADMIN_PASSWORD="short")
    assert (weak.exit_code, "password" in weak.output) == (1, True)
    assert run("create-admin", *dara, ADMIN_PASSWORD="Branch#2026-first").output == "Dara may sign in.\n"
    again = run("create-admin", *dara, ADMIN_PASSWORD="Branch#2026-first")
    assert (again.exit_code, "set up already" in again.output) == (1, True)
    recovered = run("recover-admin", "--username=DARA", ADMIN_PASSWORD="Branch#2026-second")
    assert (recovered.exit_code, recovered.output[:17]) == (0, "DARA may sign in ")
    nobody = run("recover-admin", "--username=bopha", ADMIN_PASSWORD="Branch#2026-second")
    assert (nobody.exit_code, "No administrator" in nobody.output) == (1, True)


def test_nobody_is_let_in_before_the_database_is_migrated_but_also_by_an_older_release(
    run: Run, empty_database: URL
) -> None:
    recover = partial(run, "recover-admin", "--username=dara", ADMIN_PASSWORD="Branch#2026-second")
    bare = recover()
    assert (bare.exit_code, "run alembic upgrade head first" in bare.output) == (1, True)
    assert run("migrate").exit_code == 0
    assert run("rollback").exit_code == 0
    assert "run alembic upgrade head first" in recover().output
    asyncio.run(stand_at(empty_database, "9999_of_the_next_release"))
    assert "No administrator" in recover().output
    for command in ("migrate", "sweep"):
        refused = run(command, SECRET_KEY="k" * 32)
        assert (refused.exit_code, "of a newer release" in refused.output) == (1, True)


def test_the_public_list_of_places_is_taken_in_as_often_as_it_comes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("code,name_en,name_km\n12,Phnom Penh,ភ្នំពេញ\n1202,Doun Penh,ដូនពេញ\n", "utf-8-sig")
    for _ in range(2):
        assert run("load-gazetteer", str(file)).output == "The gazetteer knows 2 places of this list.\n"
    file.write_text("code,name_en,name_km\n1,Banteay Meanchey,បន្ទាយមានជ័យ\n", "utf-8")
    refused = run("load-gazetteer", str(file))
    assert (refused.exit_code, refused.output[:14]) == (1, "Error: Line 2:")
    file.write_text("code,name_en,name_km\n12,Phnom Penh,ភ្នំពេញ\n", "utf-16")
    refused = run("load-gazetteer", str(file))
    assert (refused.exit_code, "save it as UTF-8" in refused.output) == (1, True)


def test_the_api_describes_itself_without_any_server(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    result = CliRunner().invoke(house, ["openapi", str(file)])
    assert result.exit_code == 0, result.output
    assert "/api/v1/auth/login" in json.loads(file.read_text())["paths"]


@pytest.mark.parametrize(
    "url",
    ["no url at all", "postgresql://a:hunter2@127.0.0.1:1/loans", "postgresql://a:hunter2@nowhere.invalid/loans"],
)
def test_a_database_that_does_not_answer_is_said_in_a_sentence(run: Run, url: str) -> None:
    result = run("migrate", DATABASE_URL=url)
    assert result.exit_code == 1
    assert result.output.startswith("Error: DATABASE_URL ")
    assert "hunter2" not in result.output


def test_a_password_that_the_database_refuses_is_not_repeated(run: Run, empty_database: URL) -> None:
    url = empty_database.set(password="hunter2").render_as_string(hide_password=False)
    result = run("migrate", DATABASE_URL=url)
    assert result.output == "Error: DATABASE_URL is set and its database does not answer (InvalidPasswordError).\n"


@pytest.mark.parametrize("words", [("sweep",), ("reseal",), ("backup", "nowhere"), ("rollback",)])
def test_a_command_on_a_database_that_is_not_there_or_not_migrated_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = {"SECRET_KEY": "a secret of thirty-two characters or more", "UPLOAD_FOLDER": str(tmp_path)}
    gone = run(*words, DATABASE_URL="postgresql://a:b@127.0.0.1:1/loans", **told)
    assert gone.output == "Error: DATABASE_URL is set and its database does not answer (ConnectionRefusedError).\n"
    empty = run(*words, **told)
    assert (empty.exit_code, empty.output[:6]) == (1, "Error:"), empty.output
    assert list(tmp_path.iterdir()) == []


def test_on_our_own_database_commands_seal_and_open_with_the_key_that_make_run_has(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"DATABASE_URL": "", "SECRET_KEY": "", "UPLOAD_FOLDER": str(tmp_path / "uploads")}
    (tmp_path / "backup").mkdir()
    with roomy_folder() as local:  # in a folder that is root's alone it would lie elsewhere, and stay there
        for module in (installation, keeping, database):
            monkeypatch.setattr(module, "LOCAL", local)
        assert run("migrate", **ours).exit_code == 0
        assert "0 rows were sealed anew" in run("reseal", **ours).output
        assert "SECRET_KEY" not in run("restore", str(tmp_path / "backup"), **ours).output
        kept = (local / "secret-key").read_text()
        taken_back: list[str] = []
        monkeypatch.setattr(
            "alembic.command.downgrade",
            lambda config, _: taken_back.append(config.attributes["environ"]["SECRET_KEY"]),
        )
        assert run("rollback", **ours).exit_code == 0
        assert taken_back == [kept], "some revisions open what they sealed"


def test_a_revision_needs_words(run: Run) -> None:
    assert "add approvals" in run("revision", "").output


def test_a_slip_of_the_hand_is_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    no_folder = run("openapi", str(tmp_path / "file" / "openapi.json"))
    no_revision = run("rollback", "0999_not_yet_written")
    no_address = run("verify", "loans.branch.example")
    no_server = run("demo", "loans.branch.example")
    no_url = run("move-from", "the old database", SECRET_KEY="a secret of thirty-two characters or more")
    for refused, words in (
        (no_folder, "Not a directory"),
        (no_revision, "0999_not_yet_written"),
        (no_address, "https://"),
        (no_server, "https://"),
        (no_url, "OLD_DATABASE_URL is not a database URL."),
    ):
        assert refused.exit_code in {1, 2}
        assert isinstance(refused.exception, SystemExit), refused.exception
        assert "Error: " in refused.output
        assert words in refused.output


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("move", "make move FROM=postgresql://"),
        ("backup", "make backup TO="),
        ("restore", "make restore FROM="),
        ("gazetteer", "FILE"),
        ("approving", "FILE"),
        ("checklist", "FILE"),
    ],
)
def test_a_verb_that_lacks_what_it_works_on_names_it_as_make_does(verb: str, said: str) -> None:
    asked = ["make", "--silent", "--assume-old=.venv/synced", verb]
    refused = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert said in refused.stderr


@pytest.mark.parametrize("verb", ["backup TO", "restore FROM", "gazetteer FILE", "approving FILE", "checklist FILE"])
def test_a_path_with_a_space_in_it_is_one(verb: str, tmp_path: Path) -> None:
    verb, name = verb.split()
    wrong = tmp_path / "of the branch"  # for it is a folder where a file is wanted, and the other way round
    wrong.mkdir() if name == "FILE" else wrong.touch()
    asked = ["make", "--silent", "--assume-old=.venv/synced", verb, f"{name}={wrong}"]
    refused = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert f"'{wrong}' is a " in refused.stderr
