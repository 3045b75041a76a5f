"""What happens with a message: recipients who are online see it at once."""

import msgspec

from lc_workflow.engagement.events import MessageSent
from lc_workflow.engagement.notifications.service import TellingService
from lc_workflow.platform.manifest import Hearing


async def say_live(event: MessageSent, hearing: Hearing) -> None:
    """Send a message to those recipients who are online and not in quiet hours."""
    notifications = TellingService(hearing.session)
    for person, message in await notifications.to_say(event_id=event.message_id, sender_id=event.actor_id, at=event.at):
        hearing.send(f"user:{person}", msgspec.to_builtins(message))
