"""The codes of places."""

import json
from pathlib import Path
from typing import Any

import pytest

from lc_workflow.lending.rules.gazetteer import NoSuchCode, level_of, parent_of

ROWS = json.loads((Path(__file__).parents[1] / "vectors" / "matching.json").read_text("utf-8"))["places"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["code"]))
def test_a_code_says_what_kind_of_place_it_names_and_where_that_lies(row: dict[str, Any]) -> None:
    if row["refusal"]:
        with pytest.raises(NoSuchCode):
            level_of(row["code"])
    else:
        assert (level_of(row["code"]), parent_of(row["code"])) == (row["level"], row["parent"])


@pytest.mark.parametrize("code", ["", "1", "1a", "១២", "1201010101"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(NoSuchCode):
        parent_of(code)
