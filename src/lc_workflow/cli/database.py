"""The revisions of the database, up and down."""

import click
from alembic import command

from lc_workflow.cli.installation import LOCAL, alembic_config, newest_database, take_our_key, variables
from lc_workflow.platform.config import database_url
from lc_workflow.platform.workbench import revision_of, with_database


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    with newest_database():
        click.echo("The database is at the newest revision.")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision", default="-1")
def rollback(revision: str) -> None:
    """Go down to a revision; without one, take back the last."""
    environ = variables()
    take_our_key(environ)
    with with_database(environ, LOCAL):
        url = database_url(environ["DATABASE_URL"])
        revision_of(url)  # it answers
        command.downgrade(alembic_config(url, environ), revision)
    click.echo("The revision is taken back.")


@click.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write a revision for what the models have and the database lacks."""
    if not message:
        raise click.UsageError('Say what the revision does, with a verb: make revision MESSAGE="add approvals".')
    with newest_database() as url:
        command.revision(alembic_config(url, variables()), message, autogenerate=True)
