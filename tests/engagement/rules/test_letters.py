"""Letters about notifications."""

from lc_workflow.engagement.rules.letters import Told, letter_of, page_of

ONE = Told(title="Approved", message="Dara approved it.", title_khmer="អនុម័ត", message_khmer="ដារ៉ាបានអនុម័ត។")
OTHER = Told(title="Tonight", message="We close at 22:00.")


def test_a_letter_about_one_thing_says_it_in_both_languages() -> None:
    assert letter_of([ONE]) == ("Approved", "Dara approved it.\n\nដារ៉ាបានអនុម័ត។\n")


def test_a_letter_about_several_names_each() -> None:
    subject, text = letter_of([ONE, OTHER])
    assert subject == "Approved – and 1 more"
    assert text == ("Approved\nDara approved it.\n\nអនុម័ត\nដារ៉ាបានអនុម័ត។\n\n----\n\nTonight\nWe close at 22:00.\n")


def test_the_page_says_the_same_in_both_languages_and_takes_nothing_for_markup() -> None:
    page = page_of([ONE, Told(title="<b>Tonight</b>", message="Rates & fees\nclose at 22:00.")])
    assert '<div lang="en"><h2>Approved</h2><p>Dara approved it.</p></div>' in page
    assert '<div lang="km"><h2>អនុម័ត</h2><p>ដារ៉ាបានអនុម័ត។</p></div>' in page
    assert "<h2>&lt;b&gt;Tonight&lt;/b&gt;</h2><p>Rates &amp; fees</p><p>close at 22:00.</p>" in page
