"""The verbs of signing in."""

from lc_workflow.identity.sessions.service.administrators import AdministratorService
from lc_workflow.identity.sessions.service.signing_in import Entry, RefreshTokenNeeded, SessionService, Waiting

__all__ = ["AdministratorService", "Entry", "RefreshTokenNeeded", "SessionService", "Waiting"]
