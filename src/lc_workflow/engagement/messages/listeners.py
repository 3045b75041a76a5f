"""What follows from a message: those who are online hear it at once."""

import msgspec

from lc_workflow.engagement.events import MessageSent
from lc_workflow.engagement.notifications.service import TellingService
from lc_workflow.platform.manifest import Hearing


async def say_live(event: MessageSent, hearing: Hearing) -> None:
    """Send a message to those of its people who are online and want to be disturbed."""
    notifications = TellingService(hearing.session)
    for person, message in await notifications.to_say(event_id=event.message_id, sender_id=event.actor_id, at=event.at):
        hearing.send(f"user:{person}", msgspec.to_builtins(message))
