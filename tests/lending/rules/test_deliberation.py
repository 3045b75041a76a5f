"""How votes add up."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.lending.rules.approval import ApprovalStage, Reach
from lc_workflow.lending.rules.deliberation import AGREEING, Decision, Vote, has_voted, open_stage, tally

ANN, BEN, EVA = uuid4(), uuid4(), uuid4()
BM = ApprovalStage("BM", "manager", Reach.BRANCH)
CC = ApprovalStage("CC", "credit_committee", Reach.ORGANISATION, 2)
PATH = (BM, CC)


def says(stage: str, decision: Decision = Decision.APPROVE) -> Vote:
    return Vote(stage, decision, uuid4())


def test_stages_open_one_after_the_other() -> None:
    assert open_stage(tally(PATH, [])) == BM
    assert open_stage(tally(PATH, [says("BM")])) == CC
    assert open_stage(tally(PATH, [says("BM"), says("CC")])) == CC
    assert open_stage(tally(PATH, [says("BM"), says("CC"), says("CC", Decision.COUNTER_OFFER)])) is None


def test_a_committee_refuses_with_as_many_as_it_agrees() -> None:
    one_no = tally(PATH, [says("BM"), says("CC", Decision.REJECT)])
    assert not any(at_stage.is_refused for at_stage in one_no)
    two = tally(PATH, [says("BM"), says("CC", Decision.REJECT), says("CC", Decision.REJECT)])
    assert [at_stage.is_refused for at_stage in two] == [False, True]


def test_abstaining_counts_for_neither_side_and_is_said_once() -> None:
    vote = Vote("BM", Decision.ABSTAIN, ANN)
    assert open_stage(tally(PATH, [vote])) == BM
    assert has_voted({ANN}, [vote])
    assert not has_voted({BEN}, [vote])


def test_a_vote_in_somebodys_name_is_theirs_too() -> None:
    vote = Vote("BM", Decision.APPROVE, ANN, BEN)
    assert has_voted({BEN}, [vote])
    assert has_voted({EVA, ANN}, [vote])
    assert not has_voted({EVA}, [vote])


@given(st.lists(st.tuples(st.sampled_from(["BM", "CC", "gone"]), st.sampled_from(list(Decision)))))
def test_all_have_agreed_only_when_each_stage_has_its_quorum(said: list[tuple[str, Decision]]) -> None:
    votes = [says(stage, decision) for stage, decision in said]
    agreed = {code: sum(s == code and d in AGREEING for s, d in said) for code in ("BM", "CC")}
    assert (open_stage(tally(PATH, votes)) is None) == (agreed["BM"] >= 1 and agreed["CC"] >= 2)
