"""The factory: lists the contexts and connects their ports."""

from lc_workflow.documents.library.models import File
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.sessions.models import Session
from lc_workflow.lending.assignments.models import Assignment
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.identity.users.models import User
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.db.base import Row
from lc_workflow.system.settings.models import Setting
from lc_workflow.platform.journal.models import JournalEntry

METADATA = Row.metadata
