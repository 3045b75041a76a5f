"""A checklist in force, and papers handed in, as HTTP clients do it."""

from typing import Any

from httpx import AsyncClient

from tests.conftest import Person
from tests.documents.library.conftest import JPEG, send
from tests.lending.steps import URL

CHECKLISTS = "/api/v1/checklists"

NID = {"code": "NID", "document_type": "borrower_id_card", "whom": "borrower", "gate": "submit"}
TITLE = {"code": "TITLE", "document_type": "land_title", "whom": "collateral", "gate": "review", "verified": True}
REPORT = {"code": "REPORT", "document_type": "credit_report", "whom": "application", "gate": "approve"}
CONTRACT = {"code": "CONTRACT", "document_type": "contract", "whom": "application", "gate": "disburse"}
RULES = (NID, TITLE, REPORT | {"max_age_days": 30}, CONTRACT | {"waivable": False})


async def put_in_force(client: AsyncClient, admin: Person, *rules: dict[str, Any], name: str = "Papers") -> str:
    """Publish a checklist; answers its id."""
    drafted = await client.post(CHECKLISTS, json={"name": name, "rules": list(rules)}, headers=admin.headers)
    assert drafted.status_code == 201, drafted.text
    published = await client.post(f"{CHECKLISTS}/{drafted.json()['id']}/publish", headers=admin.headers)
    assert (published.status_code, published.json()["is_current"]) == (200, True), published.text
    return str(published.json()["id"])


async def hand_in(client: AsyncClient, person: Person, application: dict[str, Any], kind: str) -> str:
    """Upload a paper; answers its id."""
    answer = await send(client, person, JPEG + kind.encode(), application_id=application["id"], document_type=kind)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def shown(client: AsyncClient, person: Person, application: dict[str, Any]) -> dict[str, Any]:
    """Read the checklist of an application."""
    answer = await client.get(f"{URL}/{application['id']}/checklist", headers=person.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def verify(client: AsyncClient, person: Person, application: dict[str, Any], paper: str, **finding: Any) -> Any:
    """Accept a paper, or say otherwise."""
    address = f"{URL}/{application['id']}/checklist/papers/{paper}/verification"
    return await client.post(address, json={"verdict": "accepted"} | finding, headers=person.headers)


async def blocked(client: AsyncClient, person: Person, application: dict[str, Any], action: str) -> list[str]:
    """The codes of what keeps somebody from an action, as their list of actions says it."""
    actions = (await client.get(f"{URL}/{application['id']}/actions", headers=person.headers)).json()
    (found,) = [each for each in actions if each["action"] == action]
    return [each["code"] for each in found["blocked_by"]]
