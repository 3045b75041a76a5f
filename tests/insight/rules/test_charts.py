"""Bars as SVG."""

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as some

from lc_workflow.insight.rules.charts import MOST_BARS, NAMES, NUMBERS, WIDTH, bars

SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=40)
@given(some.text(), some.lists(some.tuples(some.text(), some.floats(0, 1e12))))
def test_whatever_it_is_called_it_is_drawn_within_the_picture(title: str, values: list[tuple[str, float]]) -> None:
    drawn = ET.fromstring(bars(title, values))
    rects = drawn.findall(f"{SVG}rect")
    assert len(rects) == min(len(values), MOST_BARS)
    assert all(0 <= float(rect.attrib["width"]) <= WIDTH - NAMES - NUMBERS for rect in rects)


def test_the_longest_bar_takes_the_room_and_the_others_their_part_of_it() -> None:
    drawn = ET.fromstring(bars("Funnel", [("PO_CREATED", 40), ("APPROVED", 10), ("<script>", 0)]))
    assert [rect.attrib["width"] for rect in drawn.findall(f"{SVG}rect")] == ["320.0", "80.0", "0.0"]
    assert "<script>" in [text.text for text in drawn.findall(f"{SVG}text")]


def test_a_number_is_written_as_people_read_it() -> None:
    values = [("កម្ពុ\u200bជា\u200c", 1_234_567.89), ("KHR", 4_100_000_000.0), ("rate", 12.5), ("none", 0)]
    said = [text.text for text in ET.fromstring(bars("disbursed", values)).findall(f"{SVG}text")][1:]
    assert said[1::2] == ["1,234,568", "4,100,000,000", "12.5", "0"]
    assert said[0] == "កម្ពុ ជា\u200c"
