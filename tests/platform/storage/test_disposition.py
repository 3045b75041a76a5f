"""The header that names a download."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.platform.storage.disposition import content_disposition


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("plan.pdf", "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"),
        (
            "ប័ណ្ណ.pdf",
            "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E1%9E%94%E1%9F%90%E1%9E%8E%E1%9F%92%E1%9E%8E.pdf",
        ),
        ('a"b;c=d.pdf', "attachment; filename=\"a_b_c_d.pdf\"; filename*=UTF-8''a%22b%3Bc%3Dd.pdf"),
        ("100% (1).pdf", "attachment; filename=\"100_ (1).pdf\"; filename*=UTF-8''100%25%20%281%29.pdf"),
        ("a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie_ b\"; filename*=UTF-8''a__Set-Cookie%3A%20b"),
        ("../a\\b", "attachment; filename=\".._a_b\"; filename*=UTF-8''.._a_b"),
    ],
)
def test_a_download_is_named_for_old_and_new_browsers(filename: str, header: str) -> None:
    assert content_disposition(filename) == header


def test_a_picture_may_be_shown_in_place() -> None:
    assert content_disposition("a.png", inline=True).startswith('inline; filename="a.png";')


@given(st.text(max_size=200))
def test_no_name_can_end_the_header_or_begin_another(filename: str) -> None:
    header = content_disposition(filename)
    found = re.fullmatch(r'attachment; filename="([A-Za-z0-9 ._()-]*)"; filename\*=UTF-8\'\'([!-~]*)', header)
    assert found
    assert not set(found[2]) & set("\"';,=()<>@:\\/[]?{} ")
    assert unquote(found[2]) == re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\]", "_", filename)
