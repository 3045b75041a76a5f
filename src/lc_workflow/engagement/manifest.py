"""What engagement contributes: its routes, and what it does when lending announces something."""

from lc_workflow.engagement.live.controllers import LiveController
from lc_workflow.engagement.notifications.controllers import NotificationController
from lc_workflow.engagement.notifications.listeners import tell_of_breach, tell_of_move, tell_of_unlock_request
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.lending.events import ApplicationMoved, DeadlineBreached
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(NotificationController, LiveController),
    listeners={
        ApplicationMoved: (tell_of_move,),
        DeadlineBreached: (tell_of_breach,),
        UnlockRequested: (tell_of_unlock_request,),
    },
)
