"""Which code a branch or a department gets that is opened with a name alone."""

from itertools import islice

import pytest

from lc_workflow.organization.rules.naming import codes_for


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Takeo", "TAK", "TAK2"),
        ("Phnom Penh – Chbar Ampov", "PPCA", "PPCA2"),
        ("Takeo 2", "T2", "T22"),
        ("it", "IT", "IT2"),
        ("ភ្នំពេញ ១", "BR", "BR2"),
        ("–", "BR", "BR2"),
        ("One of the many that we have", "OOTM", "OOTM2"),
    ],
)
def test_a_code_reads_like_the_name(name: str, first: str, second: str) -> None:
    assert list(islice(codes_for(name, otherwise="BR"), 2)) == [first, second]
