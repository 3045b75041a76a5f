"""Accounts as far as a person manages them."""

from datetime import datetime
from uuid import UUID

from lc_workflow.identity.rules.profiles import NotYoursToChange
from lc_workflow.identity.users.access import MANAGE, in_reach
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.service import check_rank_over
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.service import Service


class AccountsInReach(Service[User]):
    """The accounts somebody manages, to whose people notifications may be written meanwhile."""

    noun = "user"
    lets_be_named = True

    async def _locked(self, user_id: UUID, *, principal: Principal, at: datetime) -> User:
        """Load and lock an account that the person manages, which is never their own."""
        user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
        if user.id == principal.id:
            raise NotYoursToChange("This is your own account; somebody else must do this.")
        await check_rank_over(self.session, user, principal=principal, at=at)
        return user
