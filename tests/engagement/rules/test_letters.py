"""Letters about notifications."""

from lc_workflow.engagement.rules.letters import Told, letter_of

ONE = Told(title="Approved", message="Dara approved it.", title_khmer="អនុម័ត", message_khmer="ដារ៉ាបានអនុម័ត។")
OTHER = Told(title="Tonight", message="We close at 22:00.")


def test_a_letter_about_one_thing_says_it_in_both_languages() -> None:
    assert letter_of([ONE]) == ("Approved", "Dara approved it.\n\nដារ៉ាបានអនុម័ត។\n")


def test_a_letter_about_several_names_each() -> None:
    subject, text = letter_of([ONE, OTHER])
    assert subject == "Approved – and 1 more"
    assert text == ("Approved\nDara approved it.\n\nអនុម័ត\nដារ៉ាបានអនុម័ត។\n\n----\n\nTonight\nWe close at 22:00.\n")
