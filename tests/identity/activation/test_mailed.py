"""Where there is a mail server, an activation code goes to its person alone."""

import re
from dataclasses import replace

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from lc_workflow.identity.activation.jobs import MAIL_CODE
from lc_workflow.identity.activation.service import ActivationService
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.sessions.principals import principal_of
from lc_workflow.platform.config import MailServer
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.security.vault import vault_of
from tests.conftest import CHEAP, SignIn
from tests.engagement.emails.postoffice import open_post_office
from tests.identity.factories import a_user
from tests.moments import NOON


async def test_a_code_is_mailed_to_its_person_and_told_to_nobody_else(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, workplace: Workplace
) -> None:
    admin = await sign_in("admin")
    session.add(user := a_user(username="dara", status=UserStatus.PENDING))
    await session.commit()
    principal = await principal_of(session, admin.user.id, NOON)
    assert principal is not None
    settings = workplace.settings
    activations = ActivationService(session, passwords=CHEAP, policy=settings.passwords, post=vault_of(settings))
    with capture_logs() as logged:
        await activations.invite(user.id, principal=principal, at=NOON)  # its code is not good any more after the next
        invitation = await activations.invite(user.id, principal=principal, at=NOON)
        assert (invitation.code, invitation.mailed_to) == (None, user.email)
        asked = text("SELECT args FROM procrastinate_jobs WHERE task_name = :n ORDER BY id")
        waiting = (await session.scalars(asked, {"n": MAIL_CODE.name})).all()
        async with open_post_office() as office:
            mail = MailServer(host="127.0.0.1", port=office.port, sender="LC <lc@branch.example>", security="none")
            place = replace(workplace, settings=replace(settings, mail=mail))
            for arguments in waiting:
                await MAIL_CODE.do(place, arguments)
    (letter,) = office.letters
    assert letter["To"] == user.email
    assert letter["Date"] is not None
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"code: (\S+)", body.get_content())
    assert found is not None
    code = found.group(1)
    khmer = body.get_content().partition("ឈ្មោះអ្នកប្រើ")[2]
    assert "dara" in khmer, "who reads Khmer alone is told no less"
    assert code in khmer
    assert "ដប់បួនថ្ងៃ" in khmer
    assert code not in str(logged) + str(waiting)
    wish = {"username": "dara", "code": code, "password": "Own#2026pass"}
    assert (await client.post("/api/v1/auth/activate", json=wish)).status_code == 200
