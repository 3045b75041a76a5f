"""The commands of the house: `python -m lc_workflow.cli run`."""

import click

from lc_workflow.cli.database import migrate, revision, rollback
from lc_workflow.cli.describing import openapi, verify
from lc_workflow.cli.keeping import backup, move_from, reseal, restore, sweep
from lc_workflow.cli.planting import adopt_approving, adopt_checklist, create_admin, load_gazetteer, recover_admin, seed
from lc_workflow.cli.refusals import House
from lc_workflow.cli.serving import demo, run


@click.group("house", cls=House)
def house() -> None:
    """Run and look after an installation of LC Workflow."""


for command in (
    *(run, demo),
    *(migrate, rollback, revision),
    *(seed, create_admin, recover_admin, load_gazetteer, adopt_approving, adopt_checklist),
    *(sweep, reseal, backup, restore, move_from),
    *(verify, openapi),
):
    house.add_command(command)
