"""The gazetteer: what is loaded, what is answered, and which codes pass."""

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.gazetteer.service import BadPlaceLine, GazetteerService
from tests.conftest import ROOT, SignIn
from tests.moments import NOON

SEED = (ROOT / "db" / "seeds" / "gazetteer.csv").read_text("utf-8").splitlines()
URL = "/api/v1/gazetteer"


@pytest.fixture
async def gazetteer(session: AsyncSession) -> GazetteerService:
    service = GazetteerService(session)
    await service.load(SEED, at=NOON)
    return service


async def test_a_form_offers_the_provinces_and_what_lies_in_them(
    client: AsyncClient, sign_in: SignIn, gazetteer: GazetteerService
) -> None:
    clerk = await sign_in("viewer")
    provinces = (await client.get(f"{URL}?size=100", headers=clerk.headers)).json()
    assert (provinces["total"], provinces["items"][0]["code"], provinces["items"][-1]["code"]) == (25, "01", "25")
    districts = (await client.get(f"{URL}?parent=12&size=100", headers=clerk.headers)).json()
    assert [place["code"] for place in districts["items"]] == [f"12{number:02}" for number in range(1, 15)]
    assert districts["items"][1] == {
        "code": "1202", "parent_code": "12", "level": "district", "name_en": "Doun Penh", "name_km": "ដូនពេញ",
    }  # fmt: skip
    for search in ("doun", "ដូន"):
        found = (await client.get(f"{URL}?search={search}", headers=clerk.headers)).json()
        assert [place["code"] for place in found["items"]] == ["1202"]


@pytest.mark.parametrize("parent", ["1", "1a", "១២", "1201010101"])
async def test_what_is_no_code_is_refused(client: AsyncClient, sign_in: SignIn, parent: str) -> None:
    answer = await client.get(URL, params={"parent": parent}, headers=(await sign_in()).headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("code", ["12", "1214", "0101", "010203", "12010101"])
async def test_a_code_passes_as_far_down_as_the_gazetteer_goes(gazetteer: GazetteerService, code: str) -> None:
    await gazetteer.check(code)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("26", "UnknownPlace"), ("1299", "UnknownPlace"), ("129901", "UnknownPlace"), ("1", "NoSuchCode")],
)
async def test_a_code_that_is_not_among_its_neighbours_is_refused(
    gazetteer: GazetteerService, code: str, refusal: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await gazetteer.check(code)
    assert refused.value.code == refusal


async def test_without_any_gazetteer_every_code_passes(session: AsyncSession) -> None:
    await GazetteerService(session).check("99")


async def test_a_longer_list_adds_places_and_renames_those_it_knows(gazetteer: GazetteerService) -> None:
    longer = ["code,name_en,name_km,type", "12,Phnom Penh Capital,ភ្នំពេញ,R", "120101,A,ក,C"]
    assert await gazetteer.load(longer, at=NOON) == 2
    assert (await gazetteer.get_one(code="12")).name_en == "Phnom Penh Capital"
    with pytest.raises(Invalid):
        await gazetteer.check("120102")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,Banteay Meanchey,បន្ទាយមានជ័យ", "Line 2"),
        ("1020101,Village,ភូមិ", "Line 2"),
        ("01,,បន្ទាយមានជ័យ", "Line 2"),
        ("01", "Line 2"),
        ("01,Banteay\0Meanchey,បន្ទាយមានជ័យ", "Line 2"),
        (f'01,"{"x" * 200_000}",បន្ទាយមានជ័យ', "Line 2"),
        ("9901,Nowhere,គ្មាន", "which nobody has named"),
    ],
)
async def test_a_line_that_cannot_be_taken_in_is_named_and_nothing_is_loaded(
    session: AsyncSession, line: str, said: str
) -> None:
    service = GazetteerService(session)
    with pytest.raises(BadPlaceLine, match=said):
        await service.load(["code,name_en,name_km", line], at=NOON)
    assert await service.count() == 0


@pytest.mark.parametrize("lines", [[], ["code,name_en,name_km"], ["", ""]])
async def test_a_list_that_names_no_place_is_refused(session: AsyncSession, lines: list[str]) -> None:
    with pytest.raises(BadPlaceLine, match="names no place"):
        await GazetteerService(session).load(lines, at=NOON)
