"""What engagement contributes: its routes, its facts, and what it does when others or itself announce something."""

from lc_workflow.engagement.emails.jobs import SEND_EMAILS
from lc_workflow.engagement.events import (
    MessageSent,
    NotificationPreferencesSet,
    WebhookRegistered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookSecretRotated,
)
from lc_workflow.engagement.live.controllers import LiveController
from lc_workflow.engagement.messages.controllers import MessageController
from lc_workflow.engagement.messages.listeners import say_live
from lc_workflow.engagement.notifications.controllers import NotificationController
from lc_workflow.engagement.notifications.listeners import (
    tell_of_awaited_decision,
    tell_of_breach,
    tell_of_given_task,
    tell_of_missing_payment,
    tell_of_move,
    tell_of_payment_to_confirm,
    tell_of_unlock_request,
    tell_of_vacant_seat,
)
from lc_workflow.engagement.preferences.controllers import PreferenceController
from lc_workflow.engagement.webhooks.controllers import WebhookController
from lc_workflow.engagement.webhooks.jobs import DELIVER, TIDY_WEBHOOKS, WATCH_WEBHOOKS
from lc_workflow.engagement.webhooks.listeners import tell_others
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.lending.events import (
    ApplicationChanged,
    ApplicationDrafted,
    ApplicationMoved,
    ApplicationRemoved,
    DeadlineBreached,
    DecisionAwaited,
    DecisionByNobody,
    DisbursementConfirmed,
    DisbursementFailed,
    DisbursementHandedOver,
    DisbursementNotTaken,
    DisbursementRequested,
    TaskAssigned,
)
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(NotificationController, PreferenceController, MessageController, WebhookController, LiveController),
    events=(
        MessageSent,
        NotificationPreferencesSet,
        WebhookRegistered,
        WebhookSecretRotated,
        WebhookRemoved,
        WebhookReplayed,
    ),
    jobs=(SEND_EMAILS, DELIVER, WATCH_WEBHOOKS, TIDY_WEBHOOKS),
    listeners={
        ApplicationDrafted: (tell_others,),
        ApplicationChanged: (tell_others,),
        ApplicationRemoved: (tell_others,),
        ApplicationMoved: (tell_of_move, tell_others),
        DisbursementRequested: (tell_others,),
        DisbursementHandedOver: (tell_of_payment_to_confirm, tell_others),
        DisbursementConfirmed: (tell_others,),
        DisbursementFailed: (tell_of_missing_payment, tell_others),
        DisbursementNotTaken: (tell_of_missing_payment,),
        TaskAssigned: (tell_of_given_task,),
        DeadlineBreached: (tell_of_breach,),
        DecisionAwaited: (tell_of_awaited_decision,),
        DecisionByNobody: (tell_of_vacant_seat,),
        MessageSent: (say_live,),
        UnlockRequested: (tell_of_unlock_request,),
    },
)
