"""Where accounts belong, and who may stand around them."""

from uuid import UUID, uuid4

import pytest

from lc_workflow.identity.rules.postings import (
    NotYourPlace,
    OtherBranch,
    check_own_place,
    check_same_branch,
    own_place,
)
from lc_workflow.kernel.principal import Principal, Scope

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


LOANS, OTHERS = uuid4(), uuid4()
CREATE = "user:create"


def holder(scope: Scope, *, branch_id: UUID | None = HERE, department_id: UUID | None = LOANS) -> Principal:
    return Principal(
        id=uuid4(),
        role="manager",
        session_id=uuid4(),
        branch_id=branch_id,
        department_id=department_id,
        grants={CREATE: scope},
    )


@pytest.mark.parametrize(
    ("scope", "branch_id", "department_id", "field"),
    [
        (Scope.ALL, THERE, OTHERS, None),
        (Scope.ALL, None, None, None),
        (Scope.BRANCH, HERE, OTHERS, None),
        (Scope.BRANCH, THERE, LOANS, "branch_id"),
        (Scope.BRANCH, None, LOANS, "branch_id"),
        (Scope.DEPARTMENT, THERE, LOANS, None),
        (Scope.DEPARTMENT, HERE, OTHERS, "department_id"),
        (Scope.DEPARTMENT, HERE, None, "department_id"),
    ],
)
def test_accounts_are_opened_where_the_right_reaches(
    scope: Scope, branch_id: UUID | None, department_id: UUID | None, field: str | None
) -> None:
    if field is None:
        check_own_place(holder(scope), CREATE, branch_id=branch_id, department_id=department_id)
        return
    with pytest.raises(NotYourPlace) as refused:
        check_own_place(holder(scope), CREATE, branch_id=branch_id, department_id=department_id)
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize("scope", [Scope.BRANCH, Scope.DEPARTMENT])
def test_who_belongs_nowhere_opens_accounts_nowhere(scope: Scope) -> None:
    nowhere = holder(scope, branch_id=None, department_id=None)
    with pytest.raises(NotYourPlace):
        check_own_place(nowhere, CREATE, branch_id=None, department_id=None)


def test_what_is_said_to_belong_nowhere_belongs_where_its_author_is() -> None:
    assert own_place(holder(Scope.ALL), CREATE) == {}
    assert own_place(holder(Scope.BRANCH), CREATE) == {"branch_id": HERE}
    assert own_place(holder(Scope.DEPARTMENT), CREATE) == {"department_id": LOANS}
