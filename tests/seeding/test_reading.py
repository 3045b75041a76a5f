"""An operator whose file is wrong hears which file, and where in it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lc_workflow.cli import house


@pytest.mark.parametrize("command", ["adopt-approving", "adopt-checklist"])
@pytest.mark.parametrize(
    ("written", "why"),
    [(b"regions = [", "at end of document"), (b"\xff", "codec can't decode"), (b"name = 3", "name"), (b"", "missing")],
    ids=["no TOML", "no text", "something else", "empty"],
)
def test_a_file_that_is_wrong_is_named_in_one_sentence(command: str, written: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_bytes(written)
    said = CliRunner().invoke(house, [command, str(file)], env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert said.exit_code == 1
    (sentence,) = said.output.splitlines()
    assert sentence.startswith(f"Error: {file} cannot be taken as it is written: ")
    assert why in sentence
    assert sentence.endswith(".")
