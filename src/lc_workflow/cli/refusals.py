"""What commands say no with: a sentence, not a traceback."""

from typing import Final

import click
import msgspec
from alembic.util import CommandError

from lc_workflow.demo import Stopped
from lc_workflow.kernel.errors import DomainError
from lc_workflow.moving.old import NotTheOldService
from lc_workflow.platform.config import BadSetting
from lc_workflow.platform.embedded import DidNotStart, FolderInUse, NotInstalled
from lc_workflow.platform.security.vault import CannotOpen
from lc_workflow.platform.workbench import ServerEnded
from lc_workflow.safekeeping.inventory import BackupRefused
from lc_workflow.seeding.standing import CannotPlant

REFUSALS: Final = (
    BadSetting, DidNotStart, FolderInUse, NotInstalled, ServerEnded, CannotPlant, CannotOpen, Stopped, BackupRefused,
    NotTheOldService, DomainError, msgspec.MsgspecError, UnicodeDecodeError, CommandError, OSError,
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
