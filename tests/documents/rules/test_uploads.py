"""Which files are taken in, and what they are called."""

import unicodedata
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.documents.rules.uploads import (
    ENCODED,
    LONGEST_NAME,
    EmptyFile,
    FileTooLarge,
    TypeNotAllowed,
    check_not_above,
    check_size,
    check_type,
    display_name,
    named_as,
    readable,
)

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("id card.jpg", "id card.jpg"),
        ("C:\\Users\\sok\\Desktop\\id.jpg", "id.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/", "file"),
        ("", "file"),
        (None, "file"),
        ("...", "file"),
        ("  .hidden ", "hidden"),
        ("ប័ណ្ណសម្គាល់ខ្លួន.pdf", "ប័ណ្ណសម្គាល់ខ្លួន.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("a\x00b\x1b.pdf", "ab.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\ufeffphoto\u200b.jpg", "photo.jpg"),
        ('what "is" <this>?.pdf', "what _is_ _this__.pdf"),
        ("e\u0301tude.pdf", "\u00e9tude.pdf"),
        ("tab\there\u2028there.txt", "tab here there.txt"),
        (f"=?utf-8?B?{b64encode('ប័ណ្ណ/សម្គាល់ខ្លួន.pdf'.encode()).decode()}?=", "សម្គាល់ខ្លួន.pdf"),
        ("=?utf-8?Q?id=5Fcard.jpg?=", "id_card.jpg"),
        ("=?utf-8?B?no base64?=", "=_utf-8_B_no base64_="),
        ("=?klingon?B?aWQ=?=", "=_klingon_B_aWQ=_="),
        ("=?utf-8?B?/w==?=", "w==_="),
        ("lone \ud800 surrogate.txt", "lone surrogate.txt"),
    ],
)
def test_a_file_is_shown_under_a_safe_form_of_its_name(raw: str | None, shown: str) -> None:
    assert display_name(raw) == shown


def test_a_long_name_keeps_its_ending() -> None:
    assert display_name("a" * 500 + ".docx") == "a" * (LONGEST_NAME - 5) + ".docx"


def test_a_long_name_is_not_cut_through_a_khmer_syllable() -> None:
    shown = display_name("ខ្ញុំ" * 100 + ".pdf")
    assert shown.endswith("ខ្ញុំ.pdf")
    assert len(shown) <= LONGEST_NAME


def test_a_name_that_is_one_endless_syllable_is_not_all_ending() -> None:
    assert display_name("ក្" * 200 + ".jpg") == "file.jpg"


@given(st.text(max_size=400) | st.from_regex(ENCODED, fullmatch=True))
def test_whatever_a_client_calls_a_file_its_shown_name_is_harmless(raw: str) -> None:
    shown = display_name(raw)
    assert 1 <= len(shown) <= LONGEST_NAME
    assert not set(shown) & set('/\\<>:"|?*')
    assert all(unicodedata.category(each)[0] != "C" or each in "\u200c\u200d" for each in shown)
    assert display_name(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("name", "content_type", "truthful"),
    [
        ("id.jpg", "image/jpeg", "id.jpg"),
        ("id.JPEG", "image/jpeg", "id.JPEG"),
        ("id.exe", "image/jpeg", "id.exe.jpg"),
        ("file", "application/pdf", "file.pdf"),
        ("page.html", "text/plain", "page.html.txt"),
        ("a.zip", "application/zip", "a.zip"),
    ],
)
def test_the_ending_of_a_name_tells_the_truth(name: str, content_type: str, truthful: str) -> None:
    assert named_as(name, content_type) == truthful


def test_a_truthful_ending_does_not_make_a_name_too_long() -> None:
    assert len(named_as("a" * LONGEST_NAME, "application/pdf")) == LONGEST_NAME


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(EmptyFile):
        check_size(0, most=MEGABYTE)


def test_a_file_of_exactly_the_largest_size_is_taken() -> None:
    check_size(MEGABYTE, most=MEGABYTE)


def test_a_byte_more_is_refused_with_the_limit_in_words() -> None:
    with pytest.raises(FileTooLarge, match=r"larger than 1 MB"):
        check_size(MEGABYTE + 1, most=MEGABYTE)
    with pytest.raises(FileTooLarge):
        check_not_above(MEGABYTE + 1, most=MEGABYTE)


def test_an_upload_may_begin_with_nothing() -> None:
    check_not_above(0, most=MEGABYTE)


@pytest.mark.parametrize(
    ("size", "words"),
    [(12, "12 bytes"), (1024, "1 kB"), (307_200, "300 kB"), (1_572_864, "1.5 MB"), (10 * MEGABYTE, "10 MB")],
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert readable(size) == words


def test_an_allowed_type_passes() -> None:
    assert check_type("application/pdf", allowed=("application/pdf",)) == "application/pdf"


@pytest.mark.parametrize("found", [None, "image/png", "application/x-msdownload"])
def test_any_other_type_is_refused_with_what_would_do(found: str | None) -> None:
    with pytest.raises(TypeNotAllowed, match=r"one of JPG, PDF\."):
        check_type(found, allowed=("application/pdf", "image/jpeg"))
