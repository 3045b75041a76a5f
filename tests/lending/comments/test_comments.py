"""What people say to each other about an application."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.lending.steps import URL, Draft


async def test_colleagues_talk_about_an_application_and_take_back_their_own_words(
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    announced: Callable[[], Awaitable[Any]],
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    url = f"{URL}/{(await draft(officer))['id']}/comments"
    asked = await client.post(url, json={"text": " តើមានប័ណ្ណដីទេ? "}, headers=teller.headers)
    assert asked.status_code == 201, asked.text
    said = await client.post(url, json={"text": "On Monday."}, headers=officer.headers)
    listed = (await client.get(url, headers=officer.headers)).json()
    assert {entry["text"] for entry in listed["items"]} == {"តើមានប័ណ្ណដីទេ?", "On Monday."}
    assert listed["total"] == 2
    assert asked.json()["author_name"] == f"{teller.user.first_name} {teller.user.last_name}"
    others = await client.delete(f"{url}/{said.json()['id']}", headers=teller.headers)
    assert (others.status_code, others.json()["code"]) == (403, "NotYourComment")
    assert (await client.delete(f"{url}/{said.json()['id']}", headers=officer.headers)).status_code == 204
    assert (await client.delete(f"{url}/{said.json()['id']}", headers=officer.headers)).status_code == 404
    assert (await client.get(url, headers=officer.headers)).json()["total"] == 1
    assert (await announced())[-3:] == ["CommentAdded", "CommentAdded", "CommentRemoved"]


async def test_who_looks_on_says_nothing(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    officer, stranger = (
        await sign_in("officer", branch_id=branch.id),
        await sign_in("officer", branch_id=other_branch.id),
    )
    auditor = await sign_in("auditor")
    url = f"{URL}/{(await draft(officer))['id']}/comments"
    assert (await client.get(url, headers=stranger.headers)).status_code == 404
    assert (await client.post(url, json={"text": "Hm"}, headers=stranger.headers)).status_code == 404
    assert (await client.get(url, headers=auditor.headers)).status_code == 200
    assert (await client.post(url, json={"text": "Hm"}, headers=auditor.headers)).status_code == 403
    assert (await client.post(url, json={"text": "  "}, headers=officer.headers)).status_code == 422
