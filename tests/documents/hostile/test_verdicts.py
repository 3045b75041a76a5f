"""Every file that means harm gets its verdict, whichever way it comes; what only looks like one is taken."""

from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.platform.config import Settings
from tests.conftest import Person, SignIn
from tests.documents.hostile.made import HARMLESS, HOSTILE, TAKEN, Brought
from tests.documents.library.conftest import FILES, send


async def by_form(client: AsyncClient, person: Person, brought: Brought) -> Response:
    return await send(client, person, brought.content, brought.name)


async def by_link(client: AsyncClient, person: Person, brought: Brought) -> Response:
    """Announce it, put it to the link, and have it taken in."""
    wish = {
        "file_id": str(uuid4()),
        "filename": brought.name,
        "content_type": brought.claims,
        "file_size": len(brought.content),
    }
    link = await client.post(f"{FILES}/upload-url", json=wish, headers=person.headers)
    if link.status_code != 200:
        return link
    await client.put(link.json()["upload_url"], content=brought.content)
    return await client.post(f"{FILES}/finalize", json={"file_id": wish["file_id"]}, headers=person.headers)


@pytest.mark.parametrize("brought", HOSTILE + HARMLESS, ids=str)
async def test_every_file_gets_its_verdict_whichever_way_it_comes(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, house_settings: Settings, brought: Brought
) -> None:
    officer = await sign_in("officer")
    before = kept_in(house_settings.upload_folder)
    for way in (by_form, by_link):
        answer = await way(client, officer, brought)
        verdict = TAKEN if answer.status_code == 201 else answer.json()["code"]
        assert verdict == brought.verdict, (way.__name__, answer.text)
    taken = brought.verdict == TAKEN
    assert await session.scalar(select(func.count()).select_from(File)) == (2 if taken else 0)
    assert len(kept_in(house_settings.upload_folder) - before) == (2 if taken else 0), "nothing is half kept"


def kept_in(folder: Path) -> set[Path]:
    """The files of the store, without those that wait to be taken in."""
    return {path for path in folder.rglob("*") if path.is_file() and "incoming" not in path.parts}
