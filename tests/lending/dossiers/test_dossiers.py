"""All that is known of an application, as JSON, as an archive, and on paper."""

import hashlib
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pypdfium2  # type: ignore[import-untyped]  # it comes without
import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.lending.dossiers.jobs import clear_dossiers
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.rules.dossier import LONGEST_RUN, PrintStatus, breakable
from lc_workflow.lending.rules.dossier_words import WORDS
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.security.reads import PersonalRead
from lc_workflow.platform.typesetting import press
from lc_workflow.platform.typesetting.press import CannotSet
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import NOBODY, PDF, send
from tests.lending.checklist.steps import RULES, put_in_force
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON

LONG = {
    "full_name_latin": "CHANTHYSOPHEAKMONYROTANAKVISAL " * 5 + "X" * 40,
    "full_name_khmer": "ចាន់ធីសុភ័ក្រមុន្នីរតនៈវិសាលស្រីពៅ" * 4,
    "current_address": "ផ្ទះលេខ១២៣ផ្លូវ២៧១សង្កាត់ទឹកថ្លាខណ្ឌសែនសុខ" * 6,
    "purpose_details": "https://example.test/" + "a" * 300,
}
MARGIN = 40
"""Points that stay white around a page; the margins are 51 wide, and a chart's line is drawn on their edge."""

WorkOff = Callable[[], Awaitable[list[str]]]


def photo(number: int) -> bytes:
    """A picture of its own, larger than it is printed."""
    written = io.BytesIO()
    picture = Image.new("RGB", (1200, 900), (number * 4 % 256, 90, 160))
    picture.paste((240, 240, 240), (100, 100, 1100, 800))
    picture.save(written, "JPEG")
    return written.getvalue()


async def printed(
    client: AsyncClient, person: Person, application: dict[str, Any], work_off: WorkOff, language: str
) -> tuple[dict[str, Any], bytes]:
    """Have a dossier printed, and download it."""
    place = f"{URL}/{application['id']}/dossier/prints"
    asked = await client.post(place, json={"language": language}, headers=person.headers)
    assert (asked.status_code, asked.json()["status"], asked.json()["progress"]) == (202, "waiting", 0), asked.text
    one = f"{place}/{asked.json()['id']}"
    early = await client.get(f"{one}/download", headers=person.headers)
    assert (early.status_code, early.json()["code"]) == (409, "StillPrinting")
    assert "print_dossier" in await work_off()
    ready = (await client.get(one, headers=person.headers)).json()
    assert (ready["status"], ready["progress"]) == ("ready", 100)
    link = (await client.get(f"{one}/download", headers=person.headers)).json()["url"]
    pdf = await client.get(link)
    assert (pdf.status_code, pdf.headers["content-type"], len(pdf.content)) == (200, "application/pdf", ready["size"])
    return ready, pdf.content


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document).replace("\u200b", "")


def check_margins(pdf: bytes) -> int:
    """See that nothing runs out at the right or the left of a page; answers how many pages there are."""
    document = pypdfium2.PdfDocument(pdf)
    for number, page in enumerate(document):
        drawn = page.render(scale=0.5).to_pil().convert("L").point(lambda light: 255 if light < 250 else 0)
        box = drawn.getbbox()
        assert box is not None, number
        assert box[0] >= MARGIN / 2, (number, box)
        assert box[2] <= drawn.width - MARGIN / 2, (number, box)
    return len(document)


async def test_the_dossier_tells_everything_in_english_and_in_khmer(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, take: Take, work_off: WorkOff
) -> None:
    await put_in_force(client, await sign_in("admin"), *RULES)
    teller = await sign_in("teller", branch_id=branch.id)
    collateral = {"collaterals": [{"type": "land", "title_number": "PP-0001", "value": 9000}]}
    guarantor = {"guarantor_name": "កែវ ដារ៉ា", "guarantor_phone": "+85512999888"}
    application = await draft(officer, **collateral, **guarantor, monthly_income=450)
    taken = await send(client, officer, photo(1), "ចាន់ធី.jpg", application_id=application["id"],
                       document_type="borrower_id_card")  # fmt: skip
    assert taken.status_code == 201, taken.text
    await take(officer, application, "submit")
    await take(teller, application, "start")

    told = (await client.get(f"{URL}/{application['id']}/dossier", headers=officer.headers)).json()
    content = told["content"]
    assert content["papers"][0]["sha256"] and len(told["content_sha256"]) == 64  # noqa: PT018
    assert [move["action"] for move in content["history"]] == ["submit", "start"]
    assert len(content["schedule"]["installments"]) == 12
    assert [item["status"] for item in content["checklist"]] == ["met", "missing", "missing", "missing"]
    assert content["parties"][0]["full_name_khmer"] == "កែវ ដារ៉ា"

    for language, said in (("en", "Repayment schedule"), ("km", "តារាងសងប្រាក់")):
        ready, pdf = await printed(client, officer, application, work_off, language)
        assert ready["content_sha256"] == told["content_sha256"]
        text = text_of(pdf)
        for wanted in (said, "SOK CHANTHY", told["content_sha256"], "1,500.50", "+85512999888", "PP-0001"):
            assert wanted in text, wanted
        assert check_margins(pdf) >= 3
        again = await client.post(
            f"{URL}/{application['id']}/dossier/prints", json={"language": language}, headers=officer.headers
        )
        assert again.json()["id"] == ready["id"]  # the same content is printed once


async def test_the_dossier_tells_which_papers_were_waived_by_whom_and_why(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, work_off: WorkOff
) -> None:
    """A waiver stands in it also when its day is over, or somebody has ended it."""
    await put_in_force(client, await sign_in("admin"), *RULES)
    manager = await sign_in("manager", branch_id=branch.id, first_name="Bopha", last_name="Meas")
    application = await draft(officer)
    place = f"{URL}/{application['id']}/checklist/waivers"
    waived = {"rule": RULES[0]["code"], "reason": "The card is at the commune.", "ends_on": "2026-11-30"}
    first = await client.post(place, json=waived, headers=manager.headers)
    assert first.status_code == 201, first.text
    ended = await client.delete(f"{place}/{first.json()['waivers'][0]['id']}", headers=manager.headers)
    assert ended.status_code < 300, ended.text
    again = await client.post(place, json={**waived, "reason": "She brings it on Monday."}, headers=manager.headers)
    assert again.status_code == 201, again.text

    content = (await client.get(f"{URL}/{application['id']}/dossier", headers=officer.headers)).json()["content"]
    told = {(row["reason"], row["granted_by_name"], row["ended_by_name"]) for row in content["waivers"]}
    assert told == {(waived["reason"], "Bopha Meas", "Bopha Meas"), ("She brings it on Monday.", "Bopha Meas", None)}
    _, pdf = await printed(client, officer, application, work_off, "en")
    for wanted in ("Papers that were waived", "The card is at the commune.", "2026-11-30"):
        assert wanted in text_of(pdf).replace("\r\n", " "), wanted


async def test_a_decided_loan_s_dossier_tells_what_it_was_decided_on(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, to_review: Any, work_off: WorkOff
) -> None:
    teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("teller", "manager")]
    application = await to_review(officer, teller)
    at = f"{URL}/{application['id']}"
    await client.post(f"{at}/affordability", headers=officer.headers)
    scored = (await client.post(f"{at}/score", json={"values": {}}, headers=manager.headers)).json()
    agreed = {
        "decision": "approve_with_conditions",
        "conditions": ["Land title deposited"],
        "reason": "Known for ten years",
    }
    approved = await client.post(f"{at}/decisions", json=agreed, headers=manager.headers)
    assert approved.status_code == 200, approved.text

    content = (await client.get(f"{at}/dossier", headers=manager.headers)).json()["content"]
    assert content["assessment"] == {
        "verdict": "REFER",
        "score": str(scored["total"]),
        "grade": scored["grade"],
        "risk": scored["risk"].lower(),
        "recommendation": "DECLINE",
        "outdated": [],
    }
    _, pdf = await printed(client, manager, application, work_off, "en")
    text = " ".join(text_of(pdf).split())
    for wanted in (scored["grade"], "decline", "Land title deposited", "approved with conditions", "Known for ten"):
        assert wanted in text, wanted
    check_margins(pdf)


async def test_a_dossier_says_on_which_terms_somebody_agreed(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, to_review: Any, work_off: WorkOff
) -> None:
    teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("teller", "manager")]
    application = await to_review(officer, teller)
    longer = {"approved_term": 18, "interest_rate": 16.25}
    granted = await client.patch(f"{URL}/{application['id']}/approve", json=longer, headers=manager.headers)
    assert granted.status_code == 200, granted.text
    _, pdf = await printed(client, manager, application, work_off, "en")
    assert "1,500.50 USD · 18 · 16.25 %" in " ".join(text_of(pdf).split())


async def test_a_dossier_says_what_was_found_about_another_loan_than_this_one_by_now(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, work_off: WorkOff
) -> None:
    application = await draft(officer)
    at = f"{URL}/{application['id']}"
    await client.post(f"{at}/affordability", headers=officer.headers)
    await client.put(at, json={"requested_amount": 2500}, headers=officer.headers)
    await client.post(f"{at}/score", json={"values": {}}, headers=officer.headers)
    content = (await client.get(f"{at}/dossier", headers=officer.headers)).json()["content"]
    assert content["assessment"]["outdated"] == ["affordability"]
    _, pdf = await printed(client, officer, application, work_off, "en")
    assert "Outdated, as the application changed affordability" in " ".join(text_of(pdf).split())


@pytest.mark.parametrize("count", [1, 60])
async def test_long_names_and_many_photos_stay_within_the_page(
    client: AsyncClient,
    officer: Person,
    draft: Draft,
    work_off: WorkOff,
    session: AsyncSession,
    workplace: Workplace,
    count: int,
) -> None:
    application = await draft(officer, **{name: text[:200] for name, text in LONG.items()})
    for number in range(count):
        content, key = photo(number), f"photos/{uuid4()}"
        await workplace.store.put(key, io.BytesIO(content), size=len(content), content_type="image/jpeg")
        session.add(
            File(
                key=key,
                original_filename="photo.jpg",
                display_name="រូបថតអចលនទ្រព្យ" * 8 + ".jpg",
                file_size=len(content),
                mime_type="image/jpeg",
                sha256=hashlib.sha256(content).digest(),
                document_type="property_photos",
                uploaded_by=officer.user.id,
                application_id=UUID(application["id"]),
                created_at=NOON,
            )
        )
    await session.commit()
    _, pdf = await printed(client, officer, application, work_off, "km")
    pages = check_margins(pdf)
    images = sum(
        1 for page in pypdfium2.PdfDocument(pdf) for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    )
    assert images == count
    assert pages >= 3 + count // 18
    assert len(pdf) < 150_000 + count * 30_000


async def test_a_photo_that_cannot_be_read_leaves_its_place(
    client: AsyncClient, officer: Person, draft: Draft, work_off: WorkOff, session: AsyncSession, workplace: Workplace
) -> None:
    application = await draft(officer)
    await send(client, officer, photo(1), "photo.jpg", application_id=application["id"], document_type="borrower_photo")
    content = (await client.get(f"{URL}/{application['id']}/dossier", headers=officer.headers)).json()["content"]
    await work_off()
    file = await session.get_one(File, content["papers"][0]["file_id"])
    await workplace.store.remove(file.key)
    _, pdf = await printed(client, officer, application, work_off, "en")
    assert "Photos" in text_of(pdf)
    packed = await client.get(f"{URL}/{application['id']}/dossier/archive", headers=officer.headers)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["dossier.json", "missing.txt"]
        assert content["papers"][0]["sha256"] in archive.read("missing.txt").decode()
    assert (await session.scalars(select(DossierPrint.content))).all() == [None]


async def test_a_printing_that_failed_says_so_and_can_be_asked_for_anew(
    client: AsyncClient, officer: Person, draft: Draft, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await draft(officer)
    place = f"{URL}/{application['id']}/dossier/prints"
    asked = (await client.post(place, json={"language": "en"}, headers=officer.headers)).json()
    monkeypatch.setattr(press, "PATIENCE", 0.01)
    with pytest.raises(CannotSet):
        await work_off()
    failed = (await client.get(f"{place}/{asked['id']}", headers=officer.headers)).json()
    assert failed["status"] == "failed"
    again = (await client.post(place, json={"language": "en"}, headers=officer.headers)).json()
    assert (again["id"] != asked["id"], again["status"]) == (True, "waiting")


async def test_a_printing_that_died_can_be_asked_for_anew(
    client: AsyncClient, officer: Person, draft: Draft, session: AsyncSession
) -> None:
    """The process that printed it was killed each time, and nobody wrote down that it failed."""
    application = await draft(officer)
    place = f"{URL}/{application['id']}/dossier/prints"
    asked, at_once = [(await client.post(place, json={}, headers=officer.headers)).json() for _ in range(2)]
    assert asked["id"] == at_once["id"]
    await session.execute(update(DossierPrint).values(status=PrintStatus.PRINTING, asked_at=NOON - timedelta(hours=2)))
    again = (await client.post(place, json={}, headers=officer.headers)).json()
    assert (again["id"] != asked["id"], again["status"]) == (True, "waiting")


async def test_printed_dossiers_go_with_their_application_or_after_a_week(
    client: AsyncClient, officer: Person, draft: Draft, work_off: WorkOff, session: AsyncSession, workplace: Workplace
) -> None:
    left = []
    for number in (1, 2, 3):
        one = await draft(officer, id_number=f"01023450{number}", phone=f"+8551234560{number}")
        await printed(client, officer, one, work_off, "en")
        left.append(one)
    keys = [row.key for row in await session.scalars(select(DossierPrint))]
    assert (await client.delete(f"{URL}/{left[0]['id']}", headers=officer.headers)).status_code == 204
    week_old = DossierPrint.application_id == UUID(left[1]["id"])
    await session.execute(update(DossierPrint).where(week_old).values(asked_at=NOON - timedelta(days=8)))
    await session.commit()
    await clear_dossiers(workplace)
    session.expire_all()
    (kept,) = (await session.scalars(select(DossierPrint))).all()
    assert kept.application_id == UUID(left[2]["id"])
    assert [key for key in keys if await workplace.store.size_of(key)] == [kept.key]


async def test_the_archive_holds_the_papers_in_their_folders(
    client: AsyncClient, officer: Person, draft: Draft, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    application = await draft(officer)
    kept = {"contract": PDF, "land_title": PDF + b"another"}
    for kind, content in kept.items():
        await send(client, officer, content, "ប័ណ្ណ.pdf", application_id=application["id"], document_type=kind)
    await send(client, officer, PDF, "ប័ណ្ណ.pdf", application_id=application["id"], document_type="contract")
    answer = await client.get(f"{URL}/{application['id']}/dossier/archive", headers=officer.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "filename*=UTF-8''%E1%9E%9F" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            "Land Documents/ប័ណ្ណ.pdf",
            "Supporting Documents/ប័ណ្ណ (2).pdf",
            "Supporting Documents/ប័ណ្ណ.pdf",
            "dossier.json",
        ]
        assert archive.read("Land Documents/ប័ណ្ណ.pdf") == kept["land_title"]
        assert json.loads(archive.read("dossier.json"))["application"]["id"] == application["id"]
    assert (await announced()).count("DossierTaken") == 1


async def test_an_archive_unpacks_on_every_disk_however_long_its_names_are(
    client: AsyncClient, officer: Person, draft: Draft, tmp_path: Path
) -> None:
    application = await draft(officer)
    wish = {"name": "ឯកសារ" * 40, "application_id": application["id"]}
    folder = (await client.post("/api/v1/folders", json=wish, headers=officer.headers)).json()
    for content in (PDF, PDF + b"another"):
        await send(client, officer, content, "ប័ណ្ណ" * 23 + ".pdf", folder_id=folder["id"])
    answer = await client.get(f"{URL}/{application['id']}/dossier/archive", headers=officer.headers)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
        first, second = [name for name in archive.namelist() if name.endswith(".pdf")]
        assert second == first.removesuffix(".pdf") + " (2).pdf"
        assert {archive.read(first), archive.read(second)} == {PDF, PDF + b"another"}


async def test_a_dossier_is_for_those_who_see_the_application_and_may_take_it_in_hand(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft
) -> None:
    application = await draft(officer)
    place = f"{URL}/{application['id']}/dossier"
    asked = (await client.post(f"{place}/prints", json={}, headers=officer.headers)).json()
    one = f"{place}/prints/{asked['id']}"
    stranger, teller = await sign_in("officer"), await sign_in("teller", branch_id=branch.id)
    for method, address in (
        ("GET", place),
        ("GET", f"{place}/archive"),
        ("POST", f"{place}/prints"),
        ("GET", one),
        ("GET", f"{one}/download"),
    ):
        missing = await client.request(method, address, json={}, headers=stranger.headers)
        assert (missing.status_code, missing.json()["code"]) == (404, "Missing"), address
        refused = await client.request(method, address, json={}, headers=teller.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "NotPermitted"), address
    elsewhere = await client.get(f"{place}/prints/{NOBODY}", headers=officer.headers)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "Missing")


async def test_numbers_are_masked_for_those_who_may_not_read_them(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft
) -> None:
    application = await draft(officer)
    place = f"{URL}/{application['id']}/dossier"
    whole = (await client.post(f"{place}/prints", json={}, headers=officer.headers)).json()
    read_before = await session.scalar(select(func.count()).select_from(PersonalRead)) or 0
    assert (await client.get(place, headers=officer.headers)).json()["content"]["borrower"]["id_number"] == "010234567"
    assert await session.scalar(select(func.count()).select_from(PersonalRead)) == read_before + 1
    await session.execute(text("UPDATE roles SET grants = array_remove(grants, 'personal:read:branch')"))
    await session.commit()
    told = (await client.get(place, headers=officer.headers)).json()["content"]
    assert (told["borrower"]["id_number"], told["borrower"]["phone"]) == ("•••567", "•••678")
    hidden = await client.get(f"{place}/prints/{whole['id']}", headers=officer.headers)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "Missing")
    anew = (await client.post(f"{place}/prints", json={}, headers=officer.headers)).json()
    assert anew["id"] != whole["id"]


def test_long_runs_may_be_broken_and_khmer_is_left_to_those_who_know_its_words() -> None:
    assert breakable("SOK CHANTHY") == "SOK CHANTHY"
    assert max(map(len, breakable("X" * 100).split("\u200b"))) == LONGEST_RUN
    assert breakable("ស្ត្រីខ្មែរ" * 10) == "ស្ត្រីខ្មែរ" * 10
    for english, khmer in WORDS.values():
        assert english
        assert khmer
