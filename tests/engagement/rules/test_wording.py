"""The words of notifications."""

from itertools import chain

import pytest

from lc_workflow.engagement.rules.wording import APPROVAL_UNDONE, TASKS, UPDATES, Words, update_by
from lc_workflow.lending.rules.stages import CLOSED, STEPS, Action, Stage
from lc_workflow.lending.rules.terms import Priority

ALL = [*UPDATES.values(), APPROVAL_UNDONE, *(task.words for task in TASKS.values())]


def test_every_stage_that_a_step_leads_to_has_its_words() -> None:
    assert {step.target for step in STEPS} <= set(UPDATES) == set(Stage)


def test_where_colleagues_take_the_next_step_a_task_waits_for_them() -> None:
    for stage, task in TASKS.items():
        assert stage not in CLOSED
        assert task.permission in {step.permission for step in STEPS if step.source is stage}


@pytest.mark.parametrize("words", ALL, ids=lambda words: words.title)
def test_a_notification_reads_well_in_both_languages(words: Words) -> None:
    said = words.about(actor="Dara Chan", latin="SOK CHANTHY", khmer="សុខ ចាន់ធី")
    assert said.message.startswith(("Dara Chan ", "The application of SOK CHANTHY, "))
    assert said.message.endswith(".")
    assert "SOK CHANTHY" in said.message
    assert said.message_khmer.endswith("។")
    assert "Dara Chan" in said.message_khmer
    assert "សុខ ចាន់ធី" in said.message_khmer
    assert not {"{", "}"} & set(chain(said.message, said.message_khmer, said.title, said.title_khmer))


@pytest.mark.parametrize(
    ("latin", "khmer", "english_name", "khmer_name"),
    [
        ("SOK", "សុខ", "SOK", "សុខ"),
        (None, "សុខ", "សុខ", "សុខ"),
        ("SOK", None, "SOK", "SOK"),
        (None, None, "an unnamed customer", "អតិថិជនមិនទាន់មានឈ្មោះ"),
    ],
)
def test_a_customer_is_called_by_the_name_there_is(
    latin: str | None, khmer: str | None, english_name: str, khmer_name: str
) -> None:
    said = UPDATES[Stage.APPROVED].about(actor="Dara", latin=latin, khmer=khmer)
    assert said.message == f"Dara approved the application of {english_name}."
    assert khmer_name in said.message_khmer


def test_braces_in_a_name_are_only_a_name() -> None:
    said = UPDATES[Stage.APPROVED].about(actor="{customer}", latin="{0.__class__}", khmer=None)
    assert said.message == "{customer} approved the application of {0.__class__}."


def test_what_the_house_does_itself_is_told_in_its_name() -> None:
    said = UPDATES[Stage.RETURNED].about(actor=None, latin="SOK", khmer=None)
    assert said.message.startswith("LC Workflow returned")


def test_decisions_and_returns_weigh_more_than_steps_on_the_way() -> None:
    high = {step.target for step in STEPS if update_by(step.action, step.target)[1] is Priority.HIGH}
    assert high == {Stage.APPROVED, Stage.REJECTED, Stage.RETURNED, Stage.EXPIRED, Stage.MANAGER_REVIEW}
    assert update_by(Action.SEND_TO_REVIEW, Stage.MANAGER_REVIEW)[1] is Priority.NORMAL


def test_an_approval_that_was_undone_is_not_told_as_a_step_on_the_way() -> None:
    said, _ = update_by(Action.UNDO_APPROVAL, Stage.MANAGER_REVIEW)
    assert said.about(actor="Dara", latin="SOK", khmer=None).message == (
        "Dara undid the approval for SOK: it is to be decided again."
    )
