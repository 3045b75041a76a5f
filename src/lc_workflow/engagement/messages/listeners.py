"""What happens with a message: recipients who are online see it at once."""

from msgspec import UNSET

from lc_workflow.engagement.events import MessageSent
from lc_workflow.engagement.notifications.service import send_written
from lc_workflow.platform.manifest import Hearing


async def say_live(event: MessageSent, hearing: Hearing) -> None:
    """Send a message to those recipients who are online and not in quiet hours."""
    to = event.audience
    pattern = to if to == "general" or to.startswith("role:") else UNSET
    await send_written(hearing, message_id=event.message_id, sender_id=event.actor_id, pattern=pattern, at=event.at)
