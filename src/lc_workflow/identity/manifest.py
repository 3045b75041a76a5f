"""What identity contributes: its routes, facts and refusals."""

from lc_workflow.identity.events import (
    AccountLocked,
    FirstAdminSetUp,
    PasswordChanged,
    RefreshTokenReused,
    SignedIn,
    SignedOut,
)
from lc_workflow.identity.sessions.controllers import AuthController, PasswordController
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(AuthController, PasswordController),
    events=(FirstAdminSetUp, SignedIn, SignedOut, AccountLocked, RefreshTokenReused, PasswordChanged),
)
