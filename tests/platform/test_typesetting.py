"""Documents are set by a child of their own."""

from pathlib import Path

import pytest

from lc_workflow.platform.typesetting import press
from lc_workflow.platform.typesetting.press import FONTS, TEMPLATE, CannotSet, set_pages


async def test_a_template_becomes_a_pdf(tmp_path: Path) -> None:
    (tmp_path / TEMPLATE).write_text('#set text(font: "Noto Sans Khmer")\nសុខ', "utf-8")
    assert (await set_pages(tmp_path)).read_bytes().startswith(b"%PDF-")
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")


async def test_what_the_typesetter_refuses_is_refused_with_its_words(tmp_path: Path) -> None:
    (tmp_path / TEMPLATE).write_text('#read("/etc/passwd")', "utf-8")
    with pytest.raises(CannotSet, match="could not be set"):
        await set_pages(tmp_path)


async def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "PATIENCE", 0.01)
    (tmp_path / TEMPLATE).write_text("Slow", "utf-8")
    with pytest.raises(CannotSet, match="too long"):
        await set_pages(tmp_path)
