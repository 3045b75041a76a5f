"""Serving for development, and a loan walked through what serves."""

import time

import click

from lc_workflow.asgi import rehearse
from lc_workflow.cli.installation import LOCAL, bring_to_newest, demo_password, variables
from lc_workflow.cli.planting import plant_where_empty
from lc_workflow.demo import walk
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.checking import refuse_taken_port
from lc_workflow.platform.config import Settings
from lc_workflow.platform.signals import end_in_order_on_signals
from lc_workflow.platform.workbench import ServerEnded, serving, with_everything


@click.command()
def run() -> None:
    """Serve for development, with an embedded database and cache where none is set."""
    began = time.monotonic()
    end_in_order_on_signals()
    environ = variables()
    with with_everything(environ, LOCAL):
        settings = Settings.from_environ(environ)
        refuse_taken_port(settings.host, settings.port)
        bring_to_newest(settings.database_url, environ)
        if settings.workers > 1:
            rehearse(environ)  # otherwise the workers would say by turns for a minute why they cannot start
        has_demo = settings.debug and plant_where_empty(settings, demo_password(environ))
        with serving(settings, environ) as server:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            url = f"http://{host}:{settings.port}"
            click.echo(f"\nLC Workflow serves {url} after {time.monotonic() - began:.1f} s.")
            click.echo(f"Documentation: {url}/schema")
            if has_demo:
                click.echo(f"Demo accounts: {', '.join(Role)}; password {demo_password(environ)}")
            click.echo("Ctrl-C ends it.\n")
            server.wait()
    raise ServerEnded("The server ended by itself; the reason stands above.")


@click.command()
@click.argument("url", required=False)
def demo(url: str | None) -> None:
    """Walk one loan through a running server, from the officer's first notes to the decision."""
    environ = variables()
    url = url or f"http://127.0.0.1:{environ.get('PORT') or 8000}"
    if not url.startswith(("http://", "https://")):
        raise click.UsageError("Give the server's address with http:// or https:// in front.")
    began = time.monotonic()
    for step in walk(url.rstrip("/"), demo_password(environ)):
        click.echo(f"{step.milliseconds:6.0f} ms  {step.name}: {step.words}")
    click.echo(f"{(time.monotonic() - began) * 1000:6.0f} ms in all.")
