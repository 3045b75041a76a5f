"""What an installation begins with: seeds, the first administrator, places, and the house's own rules."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec
from sqlalchemy import URL

from lc_workflow.cli.installation import (
    LOCAL,
    ROOT,
    SIGNS_NOTHING,
    bring_to_newest,
    demo_password,
    newest_database,
    newest_installation,
    refuse_older_revisions,
    take_our_key,
    variables,
)
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.reaching import session_for_once
from lc_workflow.platform.memory import settle
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import use, vault_of
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.workbench import lasting_secret, with_database
from lc_workflow.seeding.standing import Standing, standing

if TYPE_CHECKING:
    from lc_workflow.identity.sessions.service import AdministratorService

SEEDS: Final = ROOT / "db" / "seeds"
OUR_MACHINE: Final = frozenset({None, "", "localhost", "127.0.0.1", "::1"})
"""Where `make run` serves a database, which does so with a key of its own when nobody names one."""

FROM_A_FILE: Final = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
PASSWORD: Final = click.password_option(envvar="ADMIN_PASSWORD", help="Asked for, unless ADMIN_PASSWORD is set.")
BY: Final = click.option("--by", default="admin", show_default=True, help="The administrator who does it.")


@click.command()
@click.option("--demo", is_flag=True, help="Plant the demo institution even where DEBUG is not true.")
def seed(*, demo: bool) -> None:
    """Plant what every installation can use; with DEBUG=true or --demo a whole institution to try things in."""
    environ = variables()
    if not environ.get("DATABASE_URL"):  # a database of our own is for development
        environ["DEBUG"] = environ.get("DEBUG") or "true"
    # The people of the demo have telephones, which are sealed with the key that `make run` opens them with.
    has_key = bool(environ.get("SECRET_KEY"))
    environ["SECRET_KEY"] = environ.get("SECRET_KEY") or lasting_secret(LOCAL / "secret-key")
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        with_demo = demo or settings.debug
        if with_demo and not has_key and settings.database_url.host not in OUR_MACHINE:
            raise BadSetting("SECRET_KEY must be that of the servers of this database: they open what is sealed here.")
        bring_to_newest(settings.database_url, environ)
        _plant(settings, demo_password(environ) if with_demo else None)
    if with_demo:
        click.echo(f"Demo accounts: {', '.join(Role)}; password {demo_password(environ)}")


@click.command("create-admin")
@click.option("--username", prompt=True)
@click.option("--email", prompt=True)
@click.option("--first-name", prompt=True)
@click.option("--last-name", prompt=True)
@PASSWORD
def create_admin(**answers: str) -> None:
    """Create the first administrator, while nobody has an account."""
    from lc_workflow.identity.sessions.schemas import FirstAdmin
    from lc_workflow.platform.http.fields import field_errors

    if unfit := field_errors(answers, FirstAdmin):
        raise click.ClickException("; ".join(f"{error.field} {error.msg}" for error in unfit) + ".")
    wish = msgspec.convert(answers, FirstAdmin)
    _ask(lambda administrators: administrators.set_up_first_admin(wish, at=system_clock()))
    click.echo(f"{answers['username']} may sign in.")


@click.command("recover-admin")
@click.option("--username", prompt=True)
@PASSWORD
def recover_admin(username: str, password: str) -> None:
    """Let an administrator in again who has no colleague to ask: a new password, and no second factor."""
    _ask(lambda administrators: administrators.recover_admin(username, password, at=system_clock()))
    click.echo(f"{username} may sign in with the new password, and without a second factor.")


def _ask(wish: Callable[["AdministratorService"], Awaitable[object]]) -> None:
    """Do something about the administrators of the database that the variables name."""
    from lc_workflow.identity.sessions.service import AdministratorService

    async def ask(settings: Settings) -> None:
        async with session_for_once(settings.database_url) as session:
            await wish(AdministratorService(session, passwords=Passwords(), policy=settings.passwords))

    environ = variables()
    take_our_key(environ)
    with with_database(environ, LOCAL):
        settings = Settings.from_environ({"SECRET_KEY": SIGNS_NOTHING, **environ})
        # A newer revision is fine: after a rollback the older image may have to let somebody in.
        refuse_older_revisions(settings.database_url)
        use(vault_of(settings))
        asyncio.run(ask(settings))


@click.command("load-gazetteer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_gazetteer(file: Path) -> None:
    """Take in a CSV of places with the columns code, name_en and name_km, such as the public list of all villages."""
    from lc_workflow.lending.gazetteer.service import GazetteerService

    async def load(url: URL, lines: list[str]) -> int:
        async with session_for_once(url) as session:
            return await GazetteerService(session).load(lines, at=system_clock())

    try:
        # Excel writes a mark in front of UTF-8, which is not part of the first column's name.
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        raise click.ClickException(f"{file} is not written in UTF-8; save it as UTF-8 and try again.") from wrong
    with newest_database() as url:
        places = asyncio.run(load(url, lines))
    click.echo(f"The gazetteer knows {places} places of this list.")


@click.command("adopt-approving")
@FROM_A_FILE
@BY
def adopt_approving(file: Path, by: str) -> None:
    """Put a way of approving into force for new applications: a matrix, regions, and their managers."""
    from lc_workflow.seeding.approving import put_into_force, read_way

    way = read_way(file)
    with newest_installation() as settings:
        number = asyncio.run(put_into_force(settings.database_url, way, by=by))
    click.echo(f"Applications to come are decided by matrix {number}.")


@click.command("adopt-checklist")
@FROM_A_FILE
@BY
def adopt_checklist(file: Path, by: str) -> None:
    """Put a checklist into force: which papers new applications are asked for, and before which step."""
    from lc_workflow.seeding.checklists import follow, read_checklist

    wish = read_checklist(file)
    with newest_installation() as settings:
        number = asyncio.run(follow(settings.database_url, wish, by=by))
    click.echo(f"Applications to come are asked for the papers of checklist {number}.")


def plant_where_empty(settings: Settings, password: str) -> bool:
    """Plant the demo in an empty database, or go on with an interrupted planting; return whether the demo is there."""
    found = standing(settings.database_url)
    if found in {Standing.EMPTY, Standing.BEGUN}:
        _plant(settings, password)
    return found is not Standing.TAKEN


def _plant(settings: Settings, demo_password: str | None) -> None:
    import uvloop

    from lc_workflow.seeding.planting import plant

    began = time.monotonic()
    settle()
    planted = uvloop.run(plant(settings, SEEDS, demo_password=demo_password))
    click.echo(
        f"The seeds are planted: {planted.now} steps taken, {planted.before} before; {time.monotonic() - began:.1f} s."
    )
