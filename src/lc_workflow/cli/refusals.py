"""The refusals of commands: a sentence instead of a traceback."""

from typing import Final

import click
import msgspec
from alembic.util import CommandError

from lc_workflow.demo import Stopped
from lc_workflow.kernel.errors import DomainError, Unavailable
from lc_workflow.moving.old import NotTheOldService
from lc_workflow.platform.embedded import DidNotStart, FolderInUse, NotInstalled
from lc_workflow.platform.security.vault import CannotOpen
from lc_workflow.platform.signals import ended_as_by_ctrl_c
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.workbench import ServerEnded
from lc_workflow.safekeeping.inventory import BackupRefused
from lc_workflow.seeding.standing import CannotPlant

REFUSALS: Final = (
    BadSetting, DidNotStart, FolderInUse, NotInstalled, ServerEnded, CannotPlant, CannotOpen, Stopped, BackupRefused,
    NotTheOldService, DomainError, msgspec.MsgspecError, UnicodeDecodeError, CommandError, OSError,
)  # fmt: skip
"""The exceptions that our commands end with."""


class House(click.Group):
    """Shows refusals as sentences instead of tracebacks."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            with ended_as_by_ctrl_c():
                return super().invoke(ctx)
        except KeyboardInterrupt as broken_off:
            again = "Broken off before it was done; the same command begins again, or goes on."
            raise click.ClickException(again) from broken_off
        except REFUSALS as refusal:
            raise click.ClickException(_told(refusal)) from refusal


def _told(refusal: BaseException) -> str:
    """The sentence of a refusal; for a disk error also the cause, since the reader works on the machine."""
    cause = refusal.__cause__
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    why = cause.strerror if isinstance(refusal, Unavailable) and isinstance(cause, OSError) else None
    return f"{refusal} ({why})" if why else str(refusal)
