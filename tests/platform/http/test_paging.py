"""Lists come in pages."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar.di import NamedDependency
from litestar.handlers import get

from lc_workflow.platform.http.paging import WIDE_WINDOW, WINDOW, Page, Window
from tests.platform.http.conftest import Serve

ROWS = range(45)


@get("/rows", dependencies=WINDOW)
async def rows(window: NamedDependency[Window]) -> Page[int]:
    return Page.of(ROWS[window.offset : window.offset + window.size], total=len(ROWS), window=window)


@get("/wide", dependencies=WIDE_WINDOW)
async def wide(window: NamedDependency[Window]) -> Page[int]:
    return Page.of(list(ROWS), total=len(ROWS), window=window)


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    return await serve(rows, wide)


async def test_a_page_says_where_it_stands(client: AsyncClient) -> None:
    answer: dict[str, Any] = (await client.get("/rows?page=3")).json()
    assert answer == {"items": list(range(40, 45)), "total": 45, "page": 3, "size": 20, "pages": 3}


async def test_a_page_behind_the_end_is_empty(client: AsyncClient) -> None:
    answer = (await client.get("/rows?page=9&size=")).json()
    assert (answer["items"], answer["total"], answer["pages"]) == ([], 45, 3)


async def test_an_empty_list_has_no_pages() -> None:
    assert Page.of([], total=0, window=Window()).pages == 0


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=1000001", "size=0", "size=101", "page=x", "page=" + "9" * 40]
)
async def test_what_is_no_page_is_refused(client: AsyncClient, query: str) -> None:
    answer = await client.get(f"/rows?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_wide_lists_take_a_thousand(client: AsyncClient) -> None:
    assert (await client.get("/wide?size=1000")).json()["size"] == 1000
    assert (await client.get("/wide?size=1001")).status_code == 422
