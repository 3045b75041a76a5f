"""Which version a change is meant for, as clients write it in `If-Match`."""

import pytest

from lc_workflow.platform.http.versions import StaleVersion, check_version, expected_version


@pytest.mark.parametrize(
    ("written", "version"),
    [(None, None), ("*", None), (" * ", None), ('"7"', 7), (' "7" ', 7), ('W/"7"', 7), ('"123456789"', 123_456_789)],
)
def test_a_version_is_read_as_it_was_told(written: str | None, version: int | None) -> None:
    assert expected_version(written) == version


@pytest.mark.parametrize(
    "written", ["", "7", "W/7", '""', '"x"', '"-7"', '"7.0"', '"7"x', 'x"7"', '"7", "8"', '"1234567890"', '"7', "null"]
)
def test_a_tag_that_is_none_of_ours_matches_nothing(written: str) -> None:
    with pytest.raises(StaleVersion, match="names a version that does not exist"):
        expected_version(written)


def test_a_change_meant_for_another_version_hears_which_one_there_is() -> None:
    check_version(7, 7)
    check_version(None, 7)
    for meant in (6, 8):
        with pytest.raises(StaleVersion) as refused:
            check_version(meant, 7)
        assert refused.value.version == 7
