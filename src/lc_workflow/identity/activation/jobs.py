"""The job that mails activation codes to the people they are for, so that nobody hands them out."""

from hashlib import sha256
from html import escape
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.activation import digest_of
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Activation, User
from lc_workflow.platform.jobs import Job, Workplace, ask_for
from lc_workflow.platform.security.vault import Vault, vault_of

SUBJECT: Final = "Your account at LC Workflow"
TEXT: Final = """Somebody opened an account for you, or let you set a new password.

Your user name: {username}
Your activation code: {code}

Set your own password with it within fourteen days; the code is good once. If you did not expect this letter, tell
your administrator.

មានគេបានបើកគណនីឱ្យអ្នក ឬឱ្យអ្នកកំណត់ពាក្យសម្ងាត់ថ្មី។

ឈ្មោះអ្នកប្រើ៖ {username}
លេខកូដសម្រាប់កំណត់ពាក្យសម្ងាត់របស់អ្នក៖ {code}

សូមកំណត់ពាក្យសម្ងាត់ដោយខ្លួនឯងក្នុងរយៈពេលដប់បួនថ្ងៃ លេខកូដនេះប្រើបានតែម្តង។ បើអ្នកមិនបានរំពឹងថានឹងទទួលសំបុត្រនេះ
សូមប្រាប់អ្នកគ្រប់គ្រងប្រព័ន្ធ។
"""

log = structlog.get_logger()


async def mail_code(place: Workplace, user_id: UUID, sealed: str) -> None:
    """Send somebody their code while it is good; the queue holds it sealed, and nobody else reads it.

    Raises:
        MailFailed: The server takes no letters now; the job is tried again.
    """
    # The client takes some memory and time to load, which an installation without a mail server need not spend.
    from lc_workflow.platform.mail.smtp import Letter, MailRefused, connected  # noqa: PLC0415

    server = place.settings.mail
    code = vault_of(place.settings).open(bytes.fromhex(sealed), about=_about(user_id))
    good = exists().where(
        Activation.user_id == User.id,
        Activation.digest == digest_of(code),
        Activation.used_at.is_(None),
        Activation.expires_at > place.clock(),
    )
    async with place.sessions() as session:
        found = (
            await session.execute(
                select(User.email, User.username).where(
                    User.id == user_id, User.status.in_((UserStatus.PENDING, UserStatus.ACTIVE)), good
                )
            )
        ).one_or_none()
    if server is None or found is None:
        log.warning("an activation code was not mailed", user_id=str(user_id), server=server is not None)
        return
    text = TEXT.format(username=found.username, code=code)
    letter = Letter(
        key=f"activation-{sha256(sealed.encode()).hexdigest()[:32]}",
        at=place.clock(),
        to=found.email,
        subject=SUBJECT,
        text=text,
        html=_page(text),
    )
    try:
        async with connected(server) as post:
            await post.send(letter)
    except MailRefused as refused:
        log.warning("an activation code was refused for good", user_id=str(user_id), cause=str(refused))


MAIL_CODE: Final = Job(name="mail_activation_code", work=mail_code, attempts=8, outside=True)


async def post_code(session: AsyncSession, user_id: UUID, code: str, *, vault: Vault) -> None:
    """Let a code be mailed once the running transaction is committed."""
    sealed = vault.seal(code, about=_about(user_id)).hex()
    await ask_for(session, MAIL_CODE, user_id=str(user_id), sealed=sealed)


def _about(user_id: UUID) -> str:
    return f"activation code of {user_id}"


def _page(text: str) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line)
    return f'<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>{lines}</body></html>\n'
