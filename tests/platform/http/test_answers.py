"""How answers are written."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from litestar.handlers import get

from tests.platform.http.conftest import Serve


@get("/answer")
async def answer() -> dict[str, Any]:
    return {
        "amount": Decimal("1234567890123.10"),
        "rate": Decimal("0.1000"),
        "at": datetime(2026, 11, 24, 5, tzinfo=UTC),
        "day": date(2026, 11, 24),
        "id": UUID(int=1),
        "path": PurePosixPath("a/b"),
        "name": "សុខ",
        "none": None,
    }


@get("/text")
async def text() -> str:
    return "plain"


async def test_numbers_dates_and_ids_are_written_as_the_web_app_reads_them(serve: Serve) -> None:
    client = await serve(answer)
    assert (await client.get("/answer")).text == (
        '{"amount":1234567890123.10,"rate":0.1000,"at":"2026-11-24T05:00:00Z","day":"2026-11-24",'
        '"id":"00000000-0000-0000-0000-000000000001","path":"a/b","name":"សុខ","none":null}'
    )


async def test_text_stays_text(serve: Serve) -> None:
    client = await serve(text)
    assert (await client.get("/text")).text == "plain"
