"""A client that a machine made from our document gets a loan on its way."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from litestar import Litestar

from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Sessions, SignIn
from tests.identity.factories import PASSWORD
from tests.lending.steps import WISH

CONFIG = Path(__file__).with_name("python_client.yaml")


@pytest.fixture
def generated(application: tuple[Litestar, Sessions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python client of everything the document describes: the generator has nothing to warn of."""
    document = tmp_path / "openapi.json"
    document.write_bytes(msgspec.json.encode(application[0].openapi_schema.to_schema()))
    made = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(document)),
            *("--output-path", str(tmp_path / "branch_client"), "--meta", "none", "--config", str(CONFIG)),
            "--fail-on-warning",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)


def called(operation: str) -> Any:
    """The function that calls an operation."""
    return import_module(f"branch_client.api.{operation}").asyncio


def model(name: str, **fields: Any) -> Any:
    """What a function sends."""
    return getattr(import_module("branch_client.models"), name).from_dict(fields)


@pytest.mark.usefixtures("generated")
async def test_a_generated_client_signs_in_drafts_hands_in_and_lists(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    person = await sign_in(Role.OFFICER, branch_id=branch.id)
    house = import_module("branch_client.client")

    outside = house.Client(base_url="http://test").set_async_httpx_client(client)
    credentials = model("AuthSignInJsonBody", username=person.user.username, password=PASSWORD)
    opened = await called("sign_in.auth_sign_in")(client=outside, body=credentials)
    client.headers["Authorization"] = f"Bearer {opened.access_token}"
    inside = house.AuthenticatedClient(base_url="http://test", token=opened.access_token)
    inside.set_async_httpx_client(client)

    drafted = await called("applications.application_draft")(client=inside, body=model("NewApplication", **WISH))
    assert (drafted.status.value, drafted.requested_amount) == ("draft", 1500.5)
    handed_in = await called("workflow.workflow_submit")(drafted.id, client=inside)
    assert handed_in.status.value == "submitted"
    listed = await called("applications.application_list_applications")(client=inside, search="CHANTHY")
    assert [(item.id, item.full_name_latin) for item in listed.items] == [(drafted.id, "SOK CHANTHY")]
    refused = await called("workflow.workflow_approve")(drafted.id, client=inside, body=model("Approval"))
    assert (refused.status, refused.code) == (422, "NoSuchStep")
