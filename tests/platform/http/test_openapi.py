"""The documentation is read without the internet."""

import asyncio
import re
import threading
from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar.handlers import get
from litestar.openapi.spec import OpenAPI

from lc_workflow.platform.http.openapi import STATIC, Documentation, docs, documentation
from tests.platform.http.conftest import Serve

PAGES = ["/schema", "/schema/", "/schema/swagger", "/schema/redoc", "/schema/scalar"]
LINKS = re.compile(r"""(?:src|href|data-url)=["']([^"']*)["']""")


@get("/things")
async def things() -> list[str]:
    """List the things."""
    return []


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    config = documentation(title="LC <Workflow>", version="1.2.3", description="Loans.")
    return await serve(things, docs, openapi_config=config)


async def test_it_is_written_once_and_holds_up_nobody(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, by = Documentation.to_openapi_schema, []

    def noting(self: Documentation) -> OpenAPI:
        by.append(threading.current_thread())
        return begin(self)

    monkeypatch.setattr(Documentation, "to_openapi_schema", noting)
    asked = [client.get(page) for page in ("/schema", "/schema/openapi.json", "/schema/redoc")]
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}
    assert len(by) == 1
    assert by[0] is not threading.current_thread()


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_and_all_it_names_come_from_here(client: AsyncClient, page: str) -> None:
    answer = await client.get(page)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>LC &lt;Workflow&gt;</title>" in answer.text
    links = LINKS.findall(answer.text)
    assert len(links) >= 4
    for link in links:
        assert link.startswith(("/schema/", "data:")), link
        if link.startswith("/"):
            found = await client.get(link)
            assert found.status_code == 200, link
            assert found.content


@pytest.mark.parametrize("page", PAGES)
async def test_the_browser_is_told_to_load_nothing_from_elsewhere(client: AsyncClient, page: str) -> None:
    policy = (await client.get(page)).headers["Content-Security-Policy"]
    assert "http" not in policy
    assert "script-src 'self';" in policy
    assert "<script>" not in (await client.get(page)).text


async def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for sheet in STATIC.glob("*.css"):
        text = sheet.read_text()
        assert "@import" not in text
        assert set(re.findall(r"url\(\s*[\"']?(\w*)", text)) <= {"data"}, sheet


async def test_the_document_describes_the_routes(client: AsyncClient) -> None:
    document = (await client.get("/schema/openapi.json")).json()
    assert document["info"] == {"title": "LC <Workflow>", "version": "1.2.3", "description": "Loans."}
    assert list(document["paths"]) == ["/things"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
async def test_docs_leads_to_the_documentation_on_the_same_host(client: AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/schema")


async def test_viewers_may_be_kept_by_the_browser(client: AsyncClient) -> None:
    answer = await client.get("/schema/static/pages.js")
    assert "max-age=86400" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["../openapi.py", "..%2fopenapi.py", "%2e%2e/openapi.py", "openapi.py", "nothing.js", ""]
)
async def test_nothing_else_is_served(client: AsyncClient, path: str) -> None:
    assert (await client.get(f"/schema/static/{path}")).status_code == 404


def test_each_viewer_comes_with_its_licence() -> None:
    names = {Path(path).name for path in STATIC.iterdir()}
    assert {"swagger-ui.LICENSE.txt", "redoc.LICENSE.txt", "scalar.LICENSE.txt", "VERSIONS.txt"} <= names
