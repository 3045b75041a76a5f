"""What engagement contributes: its routes, its facts, and what it does when others or itself announce something."""

from lc_workflow.engagement.emails.jobs import SEND_EMAILS
from lc_workflow.engagement.events import MessageSent, NotificationPreferencesSet
from lc_workflow.engagement.live.controllers import LiveController
from lc_workflow.engagement.messages.controllers import MessageController
from lc_workflow.engagement.messages.listeners import say_live
from lc_workflow.engagement.notifications.controllers import NotificationController
from lc_workflow.engagement.notifications.listeners import tell_of_breach, tell_of_move, tell_of_unlock_request
from lc_workflow.engagement.preferences.controllers import PreferenceController
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.lending.events import ApplicationMoved, DeadlineBreached
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(NotificationController, PreferenceController, MessageController, LiveController),
    events=(MessageSent, NotificationPreferencesSet),
    jobs=(SEND_EMAILS,),
    listeners={
        ApplicationMoved: (tell_of_move,),
        DeadlineBreached: (tell_of_breach,),
        MessageSent: (say_live,),
        UnlockRequested: (tell_of_unlock_request,),
    },
)
