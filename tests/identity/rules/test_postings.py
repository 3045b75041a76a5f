"""Portfolio and line manager belong to the branch of the account."""

from uuid import uuid4

import pytest

from lc_workflow.identity.rules.postings import OtherBranch, check_same_branch

HERE, THERE = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("branch", "portfolio", "line_manager"),
    [
        (HERE, HERE, HERE),
        (HERE, None, None),
        (HERE, HERE, None),
        (None, HERE, THERE),
        (None, None, None),
    ],
)
def test_people_of_the_branch_or_of_the_head_office_may_stand_around_an_account(
    branch: object, portfolio: object, line_manager: object
) -> None:
    check_same_branch(branch, portfolio=portfolio, line_manager=line_manager)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("portfolio", "line_manager", "named", "fields"),
    [
        (THERE, HERE, {"Portfolio"}, ["portfolio_id"]),
        (HERE, THERE, {"Line"}, ["line_manager_id"]),
        (THERE, THERE, {"Portfolio", "Line"}, ["portfolio_id", "line_manager_id"]),
        (THERE, None, {"Portfolio"}, ["portfolio_id"]),
    ],
)
def test_people_of_another_branch_may_not(
    portfolio: object, line_manager: object, named: set[str], fields: list[str]
) -> None:
    with pytest.raises(OtherBranch) as refusal:
        check_same_branch(HERE, portfolio=portfolio, line_manager=line_manager)  # type: ignore[arg-type]
    assert "same branch" in refusal.value.detail
    assert {word for word in ("Portfolio", "Line") if word in refusal.value.detail} == named
    assert [error.field for error in refusal.value.errors] == fields
