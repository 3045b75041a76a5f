"""The commands of the house: `python -m lc_workflow.cli run`."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
import msgspec
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.demo import Stopped, walk
from lc_workflow.identity.rules.roles import Role
from lc_workflow.kernel.errors import DomainError
from lc_workflow.moving.old import NotTheOldService
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import BadSetting, Settings, database_url
from lc_workflow.platform.embedded import DidNotStart, FolderInUse, NotInstalled
from lc_workflow.platform.memory import settle
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.platform.security.vault import CannotOpen, use, vault_of
from lc_workflow.platform.stopping import end_in_order_on_signals
from lc_workflow.platform.verify import Deployment
from lc_workflow.platform.verify import verify as verify_deployment
from lc_workflow.platform.workbench import (
    ServerEnded,
    lasting_secret,
    read_variables,
    refuse_taken_port,
    revision_of,
    serving,
    with_database,
    with_everything,
)
from lc_workflow.safekeeping.inventory import BackupRefused
from lc_workflow.seeding.standing import CannotPlant, Standing, standing

ROOT: Final = Path(__file__).resolve().parents[2]
LOCAL: Final = ROOT / ".local"
"""Where development keeps its data."""

SEEDS: Final = ROOT / "db" / "seeds"

DEMO_PASSWORD: Final = "Demo#2026pass"  # noqa: S105 - everybody may know it; DEMO_PASSWORD sets another
"""The password of the demo accounts."""

SIGNS_NOTHING: Final = "a key for commands that sign nothing"

REFUSALS: Final = (
    BadSetting, DidNotStart, FolderInUse, NotInstalled, ServerEnded, CannotPlant, CannotOpen, Stopped, BackupRefused,
    NotTheOldService, DomainError, msgspec.MsgspecError, UnicodeDecodeError,
)  # fmt: skip
"""What our commands say no with."""


class House(click.Group):
    """Shows what we refuse as a sentence, not as a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except REFUSALS as refusal:
            raise click.ClickException(str(refusal)) from refusal


@click.group("house", cls=House)
def house() -> None:
    """Run and look after an installation of LC Workflow."""


@house.command()
def run() -> None:
    """Serve for development, with an embedded database and cache where none is set."""
    began = time.monotonic()
    end_in_order_on_signals()
    environ = _variables()
    with with_everything(environ, LOCAL):
        settings = Settings.from_environ(environ)
        refuse_taken_port(settings)
        _migrate(settings.database_url, environ)
        has_demo = settings.debug and _plant_where_empty(settings, _demo_password(environ))
        with serving(settings, environ) as server:
            url = f"http://{settings.host}:{settings.port}"
            click.echo(f"\nLC Workflow serves {url} after {time.monotonic() - began:.1f} s.")
            click.echo(f"Documentation: {url}/schema")
            if has_demo:
                click.echo(f"Demo accounts: {', '.join(Role)}; password {_demo_password(environ)}")
            click.echo("Ctrl-C ends it.\n")
            server.wait()
    raise ServerEnded("The server ended by itself; the reason stands above.")


@house.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    with _newest_database():
        click.echo("The database is at the newest revision.")


@house.command()
@click.option("--demo", is_flag=True, help="Plant the demo institution even where DEBUG is not true.")
def seed(*, demo: bool) -> None:
    """Plant what every installation can use; with DEBUG=true or --demo a whole institution to try things in."""
    environ = _variables()
    if not environ.get("DATABASE_URL"):  # what we bring ourselves is for development
        environ["DEBUG"] = environ.get("DEBUG") or "true"
    # The people of the demo have telephones, which are sealed with the key that `make run` opens them with.
    environ["SECRET_KEY"] = environ.get("SECRET_KEY") or lasting_secret(LOCAL / "secret-key")
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        _migrate(settings.database_url, environ)
        with_demo = demo or settings.debug
        _plant(settings, _demo_password(environ) if with_demo else None)
    if with_demo:
        click.echo(f"Demo accounts: {', '.join(Role)}; password {_demo_password(environ)}")


@house.command("load-gazetteer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_gazetteer(file: Path) -> None:
    """Take in a CSV of places with the columns code, name_en and name_km, such as the public list of all villages."""
    from lc_workflow.lending.gazetteer.service import GazetteerService  # noqa: PLC0415 - as below

    async def load(url: URL, lines: list[str]) -> int:
        engine = create_async_engine(url, poolclass=NullPool)
        async with AsyncSession(engine) as session:
            return await GazetteerService(session).load(lines, at=system_clock())

    with _newest_database() as url:
        # Excel writes a mark in front of UTF-8, which is not part of the first column's name.
        places = asyncio.run(load(url, file.read_text("utf-8-sig").splitlines()))
    click.echo(f"The gazetteer knows {places} places of this list.")


FROM_A_FILE: Final = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
BY: Final = click.option("--by", default="admin", show_default=True, help="The administrator who does it.")


@house.command("adopt-approving")
@FROM_A_FILE
@BY
def adopt_approving(file: Path, by: str) -> None:
    """Put a way of approving into force for the applications to come: a matrix, regions, and who answers for them."""
    from lc_workflow.seeding.approving import put_into_force, read_way  # noqa: PLC0415 - as below

    with _newest_database() as url:
        number = asyncio.run(put_into_force(url, read_way(file), by=by))
    click.echo(f"Applications to come are decided by matrix {number}.")


@house.command("adopt-checklist")
@FROM_A_FILE
@BY
def adopt_checklist(file: Path, by: str) -> None:
    """Put a checklist into force: which papers the applications to come are asked for, and before which step."""
    from lc_workflow.seeding.checklists import follow, read_checklist  # noqa: PLC0415 - as below

    with _newest_database() as url:
        number = asyncio.run(follow(url, read_checklist(file), by=by))
    click.echo(f"Applications to come are asked for the papers of checklist {number}.")


@house.command()
@click.argument("url", required=False)
def demo(url: str | None) -> None:
    """Walk one loan through a running server, from the officer's first notes to the decision."""
    environ = _variables()
    url = url or f"http://127.0.0.1:{environ.get('PORT') or 8000}"
    began = time.monotonic()
    for step in walk(url.rstrip("/"), _demo_password(environ)):
        click.echo(f"{step.milliseconds:6.0f} ms  {step.name}: {step.words}")
    click.echo(f"{(time.monotonic() - began) * 1000:6.0f} ms in all.")


@house.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision", default="-1")
def rollback(revision: str) -> None:
    """Go down to a revision; without one, take back the last."""
    environ = _variables()
    with with_database(environ, LOCAL):
        command.downgrade(_alembic(database_url(environ["DATABASE_URL"]), environ), revision)
    click.echo("The revision is taken back.")


@house.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write a revision for what the models have and the database lacks."""
    if not message:
        raise click.UsageError('Say what the revision does, with a verb: make revision MESSAGE="add approvals".')
    with _newest_database() as url:
        command.revision(_alembic(url, _variables()), message, autogenerate=True)


@house.command("create-admin")
@click.option("--username", prompt=True)
@click.option("--email", prompt=True)
@click.option("--first-name", prompt=True)
@click.option("--last-name", prompt=True)
@click.password_option(envvar="ADMIN_PASSWORD", help="Asked for, unless ADMIN_PASSWORD is set.")
def create_admin(**answers: str) -> None:
    """Create the first administrator, while nobody has an account."""
    from lc_workflow.identity.sessions.schemas import FirstAdmin  # noqa: PLC0415 - as below
    from lc_workflow.identity.sessions.service import SessionService  # noqa: PLC0415 - as below

    async def set_up(settings: Settings) -> None:
        engine = create_async_engine(settings.database_url, poolclass=NullPool)
        async with AsyncSession(engine, expire_on_commit=False) as session:
            service = SessionService(
                session,
                tokens=Tokens(settings.secret_key, algorithm=settings.algorithm, lifetime=timedelta()),
                passwords=Passwords(),
                policy=settings.passwords,
                refresh_lifetime=timedelta(),
                vault=vault_of(settings),
            )
            await service.set_up_first_admin(msgspec.convert(answers, FirstAdmin), at=system_clock())

    environ = {"SECRET_KEY": SIGNS_NOTHING, **_variables()}
    with with_database(environ, LOCAL):
        asyncio.run(set_up(Settings.from_environ(environ)))
    click.echo(f"{answers['username']} may sign in.")


@house.command()
@click.option("--apply", is_flag=True, help="Mend it as well.")
def sweep(*, apply: bool) -> None:
    """Compare papers and their bytes in the store, and say what does not agree."""
    from lc_workflow.app import open_store  # noqa: PLC0415 - as below
    from lc_workflow.documents.upkeep.service import Swept  # noqa: PLC0415 - as below
    from lc_workflow.documents.upkeep.service import sweep as compare  # noqa: PLC0415 - as below

    async def swept(settings: Settings) -> Swept:
        store = open_store(settings, system_clock)
        await store.prepare()
        engine = create_async_engine(settings.database_url, poolclass=NullPool)
        async with AsyncSession(engine, expire_on_commit=False) as session:
            return await compare(session, store, at=system_clock(), apply=apply)

    environ = {"SECRET_KEY": SIGNS_NOTHING, **_variables()}
    with with_database(environ, LOCAL):
        found = asyncio.run(swept(Settings.from_environ(environ)))
    for words, keys in (
        ("without a row", found.strays),
        ("in the wrong place", found.misplaced),
        ("a paper without its bytes", map(str, found.lost)),
    ):
        for key in keys:
            click.echo(f"{words}: {key}")
    what = "mended" if apply else "found; mend it with APPLY=yes"
    number = len(found.strays) + len(found.misplaced) + len(found.lost)
    click.echo(f"{found.looked_at} objects looked at, {number} things {what}.")


@house.command()
def reseal() -> None:
    """Seal what nobody reads at rest with the newest of ENCRYPTION_KEYS, so that older keys can be given up."""
    from lc_workflow.app import METADATA  # noqa: F401, PLC0415 - as below; it knows all columns
    from lc_workflow.identity.secondfactor.service import reseal as seal_factors  # noqa: PLC0415 - as below
    from lc_workflow.platform.db.config import read_json, write_json  # noqa: PLC0415 - as below
    from lc_workflow.platform.security.resealing import reseal_columns  # noqa: PLC0415 - as below

    async def seal(settings: Settings) -> int:
        vault = use(vault_of(settings))
        engine = create_async_engine(
            settings.database_url, poolclass=NullPool, json_serializer=write_json, json_deserializer=read_json
        )
        async with AsyncSession(engine) as session:
            count = await seal_factors(session, vault)
            await session.commit()
            return count + await reseal_columns(session, vault)

    environ = _variables()
    with with_database(environ, LOCAL):
        count = asyncio.run(seal(Settings.from_environ(environ)))
    click.echo(f"{count} rows were sealed anew; the newest key opens everything now.")


@house.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def backup(folder: Path) -> None:
    """Write the database and the papers of this moment into an empty folder, while people work."""
    from lc_workflow.app import open_store  # noqa: PLC0415 - as below
    from lc_workflow.safekeeping.backup import back_up  # noqa: PLC0415 - as below

    environ = {"SECRET_KEY": SIGNS_NOTHING, **_variables()}
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        made = asyncio.run(back_up(settings, open_store(settings, system_clock), folder, at=system_clock()))
    click.echo(f"{folder} holds {sum(made.rows.values())} rows and {len(made.objects)} objects of {made.made_at:%c}.")
    if made.missing:
        raise click.ClickException(f"The store did not have {len(made.missing)} objects; the manifest names them.")


@house.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Put a backup back into an empty database and an empty store, and prove that all of it is there."""
    from lc_workflow.app import open_store  # noqa: PLC0415 - as below
    from lc_workflow.safekeeping.restore import put_back  # noqa: PLC0415 - as below

    environ = _variables()
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        made, entries = asyncio.run(put_back(settings, open_store(settings, system_clock), folder))
    click.echo(f"{sum(made.rows.values())} rows and {len(made.objects)} objects are back, as they were counted.")
    click.echo(f"The journal's {entries} entries agree with their chain.")


@house.command("move-from")
@click.argument("old_database_url", envvar="OLD_DATABASE_URL")
@click.option(
    "--write", is_flag=True, help="Take it; without this nothing is changed and the report says what would be."
)
@click.option(
    "--old-bucket", help="The bucket with the old papers; OLD_MINIO_… where it is in another store than ours."
)
@click.option(
    "--old-folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that the old bucket was copied into, instead.",
)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the report here, with all ids.")
def move_from(
    old_database_url: str, *, write: bool, old_bucket: str | None, old_folder: Path | None, report: Path | None
) -> None:
    """Take in the book of the service that came before; its database is only read. As often as you like.

    OLD_DATABASE_URL may be a variable, so that its password stays out of the list of processes.
    """
    from lc_workflow.app import open_store  # noqa: PLC0415 - as below
    from lc_workflow.moving.moving import move  # noqa: PLC0415 - as below
    from lc_workflow.moving.stores import old_papers  # noqa: PLC0415 - as below

    environ = _variables()
    if not environ.get("DATABASE_URL"):  # our own database is sealed with the key that `make run` opens it with
        environ["SECRET_KEY"] = environ.get("SECRET_KEY") or lasting_secret(LOCAL / "secret-key")
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        _migrate(settings.database_url, environ)
        use(vault_of(settings))
        found = asyncio.run(
            move(
                settings,
                database_url(old_database_url),
                papers=old_papers(environ, bucket=old_bucket, folder=old_folder),
                store=open_store(settings, system_clock),
                write=write,
                at=system_clock(),
            )
        )
    for line in found.lines():
        click.echo(line)
    if report:
        report.write_bytes(found.as_json())
    if found.broken_off:
        raise click.ClickException("A store did not answer, so papers are still to come: move once more.")
    click.echo("It is done." if write else "Nothing was changed; take it with --write.")


@house.command()
@click.argument("url")
@click.option("--origin", help="An origin of the web app, to see that it may call.")
def verify(url: str, origin: str | None) -> None:
    """Check a deployment from outside, one line per check."""
    findings = []
    for finding in verify_deployment(Deployment(url.rstrip("/"), origin)):
        click.echo(f"{'ok   ' if finding.passed else 'WRONG'} {finding.name}: {finding.words}")
        findings.append(finding)
    if not all(finding.passed for finding in findings):
        sys.exit(1)


@house.command()
@click.argument("file", type=click.Path(path_type=Path), default="openapi.json")
def openapi(file: Path) -> None:
    """Write the description of the API for the people who call it."""
    from lc_workflow.app import create_app  # noqa: PLC0415 - it takes a second, which `run` need not wait for

    # The description needs an application, and an application these two; nothing connects.
    needed = {"DATABASE_URL": "postgresql://nobody@localhost/nothing", "SECRET_KEY": SIGNS_NOTHING}
    document = create_app(Settings.from_environ(needed)).openapi_schema.to_schema()
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    click.echo(f"{file} describes {len(document['paths'])} paths.")


def _variables() -> dict[str, str]:
    """Take the variables of the process, and of `.env` where the process has none."""
    return {**read_variables(ROOT / ".env"), **os.environ}


def _demo_password(environ: Mapping[str, str]) -> str:
    return environ.get("DEMO_PASSWORD") or DEMO_PASSWORD


def _plant_where_empty(settings: Settings, password: str) -> bool:
    """Plant the demo in an empty database, or go on where that was broken off; answers whether the demo stands."""
    found = standing(settings.database_url)
    if found in {Standing.EMPTY, Standing.BEGUN}:
        _plant(settings, password)
    return found is not Standing.TAKEN


def _plant(settings: Settings, demo_password: str | None) -> None:
    from lc_workflow.seeding.planting import plant  # noqa: PLC0415 - as below

    began = time.monotonic()
    settle()
    planted = asyncio.run(plant(settings, SEEDS, demo_password=demo_password))
    click.echo(
        f"The seeds are planted: {planted.now} steps taken, {planted.before} before; {time.monotonic() - began:.1f} s."
    )


@contextmanager
def _newest_database() -> Iterator[URL]:
    """The database that the variables name, or our own while the block runs, at the newest revision."""
    environ = _variables()
    with with_database(environ, LOCAL):
        url = database_url(environ["DATABASE_URL"])
        _migrate(url, environ)
        yield url


def _migrate(url: URL, environ: Mapping[str, str]) -> None:
    config = _alembic(url, environ)
    # Loading the models takes a second, which a database at the newest revision spares us.
    if revision_of(url) != ScriptDirectory.from_config(config).get_current_head():
        command.upgrade(config, "head")


def _alembic(url: URL, environ: Mapping[str, str]) -> Config:
    """Tell alembic where the database is; a revision that seals or opens something takes its keys from `environ`."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["database_url"] = url
    config.attributes["environ"] = environ
    return config


if __name__ == "__main__":
    house(prog_name="house")
