"""What others see of an installation: a deployment from outside, and the description of its API."""

import sys
from pathlib import Path

import click
import msgspec

from lc_workflow.cli.installation import SIGNS_NOTHING
from lc_workflow.platform.config import Settings
from lc_workflow.platform.verify import Deployment
from lc_workflow.platform.verify import verify as verify_deployment


@click.command()
@click.argument("url")
@click.option("--origin", help="An origin of the web app, to see that it may call.")
def verify(url: str, origin: str | None) -> None:
    """Check a deployment from outside, one line per check."""
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("give the address with https:// in front.", param_hint="URL")
    findings = []
    for finding in verify_deployment(Deployment(url.rstrip("/"), origin)):
        click.echo(f"{'ok   ' if finding.passed else 'WRONG'} {finding.name}: {finding.words}")
        findings.append(finding)
    if not all(finding.passed for finding in findings):
        sys.exit(1)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="openapi.json")
def openapi(file: Path) -> None:
    """Write the description of the API for the people who call it."""
    from lc_workflow.app import create_app

    # The description needs an application, and an application these two; nothing connects.
    needed = {"DATABASE_URL": "postgresql://nobody@localhost/nothing", "SECRET_KEY": SIGNS_NOTHING}
    document = create_app(Settings.from_environ(needed)).openapi_schema.to_schema()
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    click.echo(f"{file} describes {len(document['paths'])} paths.")
