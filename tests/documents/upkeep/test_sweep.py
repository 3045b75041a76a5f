"""After a process was killed at any step of an upload, rows and bytes agree again once the house was swept."""

import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import anyio.to_thread
import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.cli import house as commands
from lc_workflow.documents.library.models import File
from lc_workflow.documents.upkeep import service
from lc_workflow.documents.upkeep.service import PAPER, Swept, WrongStore, sweep
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.storage.local import LocalStore
from tests.conftest import ROOT
from tests.documents.library.conftest import FILES, JPEG, OpenOwnHouse, OwnHouse, own_house, send
from tests.documents.upkeep.killed import STEPS
from tests.servers.installation import variables_of

__all__ = ["own_house"]

LATER = timedelta(hours=2)


async def swept(house: OwnHouse, *, apply: bool, later: timedelta = LATER) -> Swept:
    store = LocalStore(house.files, secret="s" * 40, clock=system_clock)
    async with AsyncSession(house.engine, expire_on_commit=False) as session:
        return await sweep(session, store, at=system_clock() + later, apply=apply)


async def rows_of(house: OwnHouse) -> list[File]:
    async with AsyncSession(house.engine, expire_on_commit=False) as session:
        return list(await session.scalars(select(File)))


async def test_whatever_step_it_is_killed_at_rows_and_bytes_agree_after_a_sweep(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        environ = {
            **os.environ,
            **variables_of(house.engine.url, house.files, LOG_LEVEL="CRITICAL"),
            "SECRET_KEY": "a secret that only the tests know, long enough",
            "OFFICER": house.officer.headers["Authorization"],
            "APPLICATION": str(house.application_id),
        }

        def bring() -> str:
            script = [sys.executable, "-W", "ignore", "-m", "tests.documents.upkeep.killed"]
            return subprocess.run(script, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout

        ended = await anyio.to_thread.run_sync(bring)
        assert [line for line in ended.splitlines() if line.endswith(" killed")] == [
            f"{step}: killed" for step in STEPS
        ]

        young = await swept(house, apply=True, later=timedelta())
        assert young.strays == [], "what is under way is left alone"
        seen = await swept(house, apply=False)
        assert len(seen.strays) >= 3, "bytes without a row"
        before = sorted(house.kept())
        assert (await swept(house, apply=False)).strays == seen.strays
        assert sorted(house.kept()) == before, "looking changes nothing"
        await swept(house, apply=True)
        again = await swept(house, apply=False)
        assert (again.strays, again.misplaced, again.lost) == ([], [], [])

        rows = {file.key: file for file in await rows_of(house)}
        assert len(rows) >= 5
        for key, file in rows.items():
            kept = (house.files / ("removed" if file.deleted_at else "") / key).read_bytes()
            assert (len(kept), hashlib.sha256(kept).digest()) == (file.file_size, file.sha256)
        keys = {path.relative_to(house.files).as_posix() for path in house.kept()}
        assert {found[2] for key in keys if (found := PAPER.fullmatch(key))} == set(rows)


async def test_a_paper_without_bytes_is_taken_away_unless_the_store_is_the_wrong_one(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        files = [(await send(house.client, house.officer)).json() for _ in range(12)]
        paths = [house.files / file["file_path"] for file in files]
        paths[0].unlink()
        paths[1].write_bytes(b"half")
        others = house.files / "disbursements" / "2026.csv"
        others.parent.mkdir()
        others.write_bytes(b"not ours")
        found = await swept(house, apply=True)
        assert {str(file_id) for file_id in found.lost} == {files[0]["id"], files[1]["id"]}
        listed = (await house.client.get(FILES, headers=house.officer.headers)).json()
        assert {file["id"] for file in listed["items"]} == {file["id"] for file in files[2:]}
        assert others.exists(), "what others put there is none of ours"
        store = LocalStore(house.files.parent / "elsewhere", secret="s" * 40, clock=system_clock)
        await store.prepare()
        key = f"2026/11/{uuid4()}"
        await store.put(key, BytesIO(b"x"), size=1, content_type="a/b")
        for _ in range(3):
            await send(house.client, house.officer)
        async with AsyncSession(house.engine, expire_on_commit=False) as session:
            with pytest.raises(WrongStore, match="13 of 13"):
                await sweep(session, store, at=system_clock() + LATER, apply=True)
        assert await store.size_of(key) == 1, "nothing is touched"


async def test_only_what_belongs_to_nobody_is_taken_away(
    own_house: OpenOwnHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 1)
    async with own_house() as house:
        file = (await send(house.client, house.officer)).json()
        lost = [(await send(house.client, house.officer)).json() for _ in range(3)]
        wish = {"file_id": str(uuid4()), "filename": "id.jpg", "content_type": "image/jpeg", "file_size": len(JPEG)}
        link = (await house.client.post(f"{FILES}/upload-url", json=wish, headers=house.officer.headers)).json()
        assert (await house.client.put(link["upload_url"], content=JPEG)).status_code == 204
        somebodys, nobodys = (
            [f"incoming/{arrival}", f"incoming/{arrival}.parts/1", f"previews/{file_id}/web.jpg"]
            for arrival, file_id in ((wish["file_id"], file["id"]), (uuid4(), uuid4()))
        )
        somebodys += [file["file_path"], f"profile-photos/{uuid4()}/web.jpg", "dossiers/1.pdf", "disbursements/1.csv"]
        for key in (*somebodys, *nobodys):
            (house.files / key).parent.mkdir(parents=True, exist_ok=True)
            (house.files / key).exists() or (house.files / key).write_bytes(b"x")
        for each in lost:
            (house.files / each["file_path"]).unlink()
        async with AsyncSession(house.engine) as session:
            await session.execute(update(File).where(File.id == UUID(file["id"])).values(previews=True))
            await session.commit()
        found = await swept(house, apply=True)
        assert (sorted(found.strays), found.misplaced) == (sorted(nobodys), [])
        assert {str(each) for each in found.lost} == {each["id"] for each in lost}
        assert [key for key in somebodys if not (house.files / key).exists()] == []
        assert [key for key in nobodys if (house.files / key).exists()] == []


async def test_a_sweep_goes_on_where_somebody_removes_a_paper_at_that_moment(
    own_house: OpenOwnHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = LocalStore.move

    async def late(store: LocalStore, key: str, target: str) -> None:
        await moved(store, key, target)
        await moved(store, key, target)

    async with own_house() as house:
        file = (await send(house.client, house.officer)).json()
        removed = house.files / "removed" / file["file_path"]
        removed.parent.mkdir(parents=True, exist_ok=True)
        (house.files / file["file_path"]).rename(removed)
        monkeypatch.setattr(LocalStore, "move", late)
        found = await swept(house, apply=True)
        assert (found.misplaced, found.lost) == ([f"removed/{file['file_path']}"], [])
        assert (house.files / file["file_path"]).exists()


async def test_where_the_newest_version_has_no_bytes_the_one_before_stands_again(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        chain = [(await send(house.client, house.officer, application_id=house.application_id)).json()]
        for _ in range(2):
            newer = await house.client.post(
                f"{FILES}/{chain[-1]['id']}/versions", files={"file": ("id.jpg", JPEG)}, headers=house.officer.headers
            )
            chain.append(newer.json())
        for lost in chain[1:]:
            (house.files / lost["file_path"]).unlink()
        await swept(house, apply=True)
        listed = (await house.client.get(FILES, headers=house.officer.headers)).json()
        assert [file["id"] for file in listed["items"]] == [chain[0]["id"]]


async def test_the_verb_says_what_it_found(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        await send(house.client, house.officer)
        stray = house.files / "2026" / "11" / str(uuid4())
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"x")
        long_ago = system_clock().timestamp() - 7200
        os.utime(stray, (long_ago, long_ago))
        verb = CliRunner(env=variables_of(house.engine.url, house.files))

        def say(*words: str) -> str:
            said = verb.invoke(commands, ["sweep", *words], catch_exceptions=False)
            assert said.exit_code == 0
            return said.output

        assert f"without a row: 2026/11/{stray.name}" in await anyio.to_thread.run_sync(say)
        assert stray.exists()
        assert "1 things mended" in await anyio.to_thread.run_sync(say, "--apply")
        assert (await anyio.to_thread.run_sync(say)).endswith("nothing disagrees.\n"), "and nothing is to be mended"
        assert not stray.exists()
