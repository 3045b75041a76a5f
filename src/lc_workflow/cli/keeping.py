"""Keeping what an installation has: its papers, its secrets, its backups, and the book of the service before."""

import asyncio
from pathlib import Path

import click
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.cli.installation import (
    LOCAL,
    SIGNS_NOTHING,
    bring_to_newest,
    refuse_other_revisions,
    take_our_key,
    variables,
)
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.db.reaching import engine_for_once, session_for_once
from lc_workflow.platform.security.vault import use, vault_of
from lc_workflow.platform.workbench import revision_of, with_database


@click.command()
@click.option("--apply", is_flag=True, help="Mend it as well.")
def sweep(*, apply: bool) -> None:
    """Compare papers with their bytes in the store, and report differences."""
    from lc_workflow.app import open_store
    from lc_workflow.documents.upkeep.service import Swept
    from lc_workflow.documents.upkeep.service import sweep as compare

    async def swept(settings: Settings) -> Swept:
        store = open_store(settings, system_clock)
        await store.prepare()
        async with session_for_once(settings.database_url) as session:
            return await compare(session, store, at=system_clock(), apply=apply)

    environ = {"SECRET_KEY": SIGNS_NOTHING, **variables()}
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        refuse_other_revisions(settings.database_url)
        found = asyncio.run(swept(settings))
    for words, keys in (
        ("without a row", found.strays),
        ("in the wrong place", found.misplaced),
        ("a paper without its bytes", map(str, found.lost)),
    ):
        for key in keys:
            click.echo(f"{words}: {key}")
    number = len(found.strays) + len(found.misplaced) + len(found.lost)
    what = (
        f"{number} things {'mended' if apply else 'found; mend it with APPLY=yes'}" if number else "nothing disagrees"
    )
    click.echo(f"{found.looked_at} objects looked at, {what}.")


@click.command()
def reseal() -> None:
    """Encrypt stored secrets with the newest of ENCRYPTION_KEYS, so that older keys can be removed.

    The journal's daily seals are made anew with SECRET_KEY.
    """
    from lc_workflow.app import METADATA  # noqa: F401 - it knows all columns
    from lc_workflow.identity.secondfactor.service import reseal as seal_factors
    from lc_workflow.platform.journal.chain import reseal as seal_days
    from lc_workflow.platform.journal.chain import seals_of
    from lc_workflow.platform.security.resealing import reseal_columns

    async def seal(settings: Settings) -> tuple[int, int, int, int]:
        vault = use(vault_of(settings))
        engine = engine_for_once(settings.database_url)
        async with AsyncSession(engine) as session:
            count = await seal_factors(session, vault)
            days, unknown = await seal_days(session, seals_of(settings))
            await session.commit()
            rows, gone = await reseal_columns(session, vault)
            return count + rows, gone, days, unknown

    environ = variables()
    take_our_key(environ)
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        refuse_other_revisions(settings.database_url)
        count, gone, days, unknown = asyncio.run(seal(settings))
    click.echo(f"{count} rows were sealed anew; the newest key opens everything now.")
    if gone:
        click.echo(f"{gone} of them said the same of a customer as another did, and are gone.")
    if days:
        click.echo(f"Days of the journal that were sealed anew with SECRET_KEY: {days}.")
    if unknown:
        raise click.ClickException(
            f"No key here has made the seals of {unknown} days of the journal: name the key that was SECRET_KEY then in"
            " PREVIOUS_SECRET_KEYS and reseal once more, or find out who else has sealed them."
        )


@click.command()
@click.argument("folder", required=False, metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
def backup(folder: Path | None) -> None:
    """Write the database and the papers of this moment into an empty folder, while people work."""
    if folder is None:
        raise click.UsageError("Say which empty folder it comes into: make backup TO=folder.")
    from lc_workflow.app import open_store
    from lc_workflow.safekeeping.backup import back_up

    environ = {"SECRET_KEY": SIGNS_NOTHING, **variables()}
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        refuse_other_revisions(settings.database_url)
        made = asyncio.run(back_up(settings, open_store(settings, system_clock), folder, at=system_clock()))
    click.echo(f"{folder} holds {sum(made.rows.values())} rows and {len(made.objects)} objects of {made.made_at:%c}.")
    if made.gone:
        click.echo(f"{len(made.gone)} objects were removed for good while it was made; the manifest names them.")
    if made.missing:
        raise click.ClickException(f"The store did not have {len(made.missing)} objects; the manifest names them.")


@click.command()
@click.argument(
    "folder", required=False, metavar="FOLDER", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def restore(folder: Path | None) -> None:
    """Restore a backup into an empty database and an empty store, and verify that everything is there."""
    if folder is None:
        raise click.UsageError("Say which folder the backup lies in: make restore FROM=folder.")
    from lc_workflow.app import open_store
    from lc_workflow.safekeeping.restore import put_back

    environ = variables()
    take_our_key(environ)
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        revision_of(settings.database_url)  # it answers
        use(vault_of(settings))
        made, entries = asyncio.run(put_back(settings, open_store(settings, system_clock), folder))
    click.echo(f"{sum(made.rows.values())} rows and {len(made.objects)} objects are back, as they were counted.")
    click.echo(f"The journal's {entries} entries agree with their chain.")


@click.command("move-from")
@click.argument("old_database_url", required=False, metavar="OLD_DATABASE_URL", envvar="OLD_DATABASE_URL")
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
    old_database_url: str | None, *, write: bool, old_bucket: str | None, old_folder: Path | None, report: Path | None
) -> None:
    """Import the data of the old service, whose database is only read; it can be repeated.

    OLD_DATABASE_URL may be a variable, so that its password stays out of the list of processes.
    """
    from lc_workflow.app import open_store
    from lc_workflow.moving.moving import move
    from lc_workflow.moving.stores import old_papers

    if not old_database_url:
        raise click.UsageError("Say where the old service's database is: make move FROM=postgresql://….")
    if report:  # fail on an unwritable report before anything is imported
        is_new = not report.exists()
        report.open("ab").close()
        if is_new:
            report.unlink()
    old = database_url(old_database_url, name="OLD_DATABASE_URL")
    environ = variables()
    take_our_key(environ)
    may_migrate = write or not environ.get("DATABASE_URL")  # a dry run changes nothing
    with with_database(environ, LOCAL):
        settings = Settings.from_environ(environ)
        if may_migrate:
            bring_to_newest(settings.database_url, environ)
        else:
            refuse_other_revisions(settings.database_url)
        use(vault_of(settings))
        found = asyncio.run(
            move(
                settings,
                old,
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
        raise click.ClickException("A store or a database did not answer, so papers are still to come: move once more.")
    click.echo("It is done." if write else "Nothing was changed; take it with WRITE=1, or --write.")
