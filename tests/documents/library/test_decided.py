"""Papers wait for a decision that is just being made, and stay as they are after it."""

import anyio
import pytest
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from tests.documents.library.conftest import FILES, FOLDERS, JPEG, OpenOwnHouse, send
from tests.servers.databases import until_somebody_waits


@pytest.mark.parametrize("verb", ["upload", "remove", "make a folder"])
async def test_a_paper_that_comes_or_goes_while_the_application_is_decided_waits_and_is_refused(
    own_house: OpenOwnHouse, verb: str
) -> None:
    async with own_house() as house, AsyncSession(house.engine) as elsewhere:
        first = (await send(house.client, house.officer, application_id=house.application_id)).json()
        answers: list[Response] = []

        async def try_it() -> None:
            if verb == "upload":
                answers.append(await send(house.client, house.officer, JPEG, application_id=house.application_id))
            elif verb == "make a folder":
                wish = {"name": "Late", "application_id": str(house.application_id)}
                answers.append(await house.client.post(FOLDERS, json=wish, headers=house.officer.headers))
            else:
                answers.append(await house.client.delete(f"{FILES}/{first['id']}", headers=house.officer.headers))

        decided = await elsewhere.get_one(CustomerApplication, house.application_id, with_for_update=True)
        decided.workflow_status = Stage.APPROVED
        await elsewhere.flush()
        async with anyio.create_task_group() as together:
            together.start_soon(try_it)
            await until_somebody_waits(await elsewhere.connection())
            await elsewhere.commit()
        assert (answers[0].status_code, answers[0].json()["code"]) == (422, "PapersClosed"), answers[0].text
        assert [path.relative_to(house.files).as_posix() for path in house.kept()] == [first["file_path"]]
