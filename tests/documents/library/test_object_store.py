"""The way of a file when an S3 store keeps it."""

import httpx
import pytest

from lc_workflow.platform.config import ObjectStoreSettings
from tests.documents.library.conftest import FILES, JPEG, PDF, OpenOwnHouse, send


@pytest.mark.parametrize(("content", "name"), [(JPEG, "អត្តសញ្ញាណប័ណ្ណ.jpg"), (PDF + bytes(6 * 1024 * 1024), "title.pdf")])
async def test_a_file_comes_into_the_store_is_opened_there_and_goes(
    own_house: OpenOwnHouse, s3: ObjectStoreSettings, content: bytes, name: str
) -> None:
    async with own_house(object_store=s3) as house, httpx.AsyncClient() as browser:
        client, headers = house.client, house.officer.headers
        answer = await send(
            client, house.officer, content, name, application_id=house.application_id, document_type="contract"
        )
        assert answer.status_code == 201, answer.text
        file = answer.json()
        listed = (await client.get(f"{FILES}?application_id={house.application_id}", headers=headers)).json()
        assert [each["id"] for each in listed["items"]] == [file["id"]]

        opened = (await client.get(f"{FILES}/{file['id']}/download", headers=headers)).json()
        assert opened["url"].startswith(f"http://{s3.endpoint}/")
        kept = await browser.get(opened["url"])
        assert (kept.status_code, kept.content) == (200, content)
        assert kept.headers["content-type"] == file["mime_type"]
        assert kept.headers["content-disposition"].startswith("attachment; ")
        assert house.kept() == [], "nothing stays in the folder of this machine"

        assert (await client.delete(f"{FILES}/{file['id']}", headers=headers)).status_code == 204
        assert (await browser.get(opened["url"])).status_code == 404


async def test_this_api_serves_no_content_while_an_s3_store_does(
    own_house: OpenOwnHouse, s3: ObjectStoreSettings
) -> None:
    async with own_house(object_store=s3) as house:
        answer = await house.client.get(f"{FILES}/content/anything")
        assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchPath")
