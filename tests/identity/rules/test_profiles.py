"""What people may change about themselves."""

import pytest

from lc_workflow.identity.rules.profiles import NotYoursToChange, check_own_change
from lc_workflow.kernel.principal import Scope


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "phone_number"])
def test_everybody_changes_what_is_personal(field: str) -> None:
    check_own_change({field}, administers=False)


@pytest.mark.parametrize("field", ["username", "employee_id", "branch_id", "role", "status", "line_manager_id"])
def test_the_rest_is_for_others(field: str) -> None:
    with pytest.raises(NotYoursToChange, match=field):
        check_own_change({"first_name", field}, administers=False)


@pytest.mark.parametrize("field", ["username", "employee_id", "branch_id", "phone_number"])
def test_an_administrator_changes_nearly_all_of_their_own_account(field: str) -> None:
    check_own_change({field}, administers=True)


@pytest.mark.parametrize("field", ["role", "status", "status_reason", "password"])
def test_not_even_an_administrator_changes_their_own_rights(field: str) -> None:
    with pytest.raises(NotYoursToChange, match=field):
        check_own_change({field}, administers=True)


@pytest.mark.parametrize(("scope", "field"), [(Scope.BRANCH, "branch_id"), (Scope.DEPARTMENT, "department_id")])
def test_who_holds_rights_in_one_place_does_not_move_themselves_to_another(scope: Scope, field: str) -> None:
    with pytest.raises(NotYoursToChange, match=field):
        check_own_change({field}, administers=True, reaching=[Scope.ALL, scope])
    check_own_change({"branch_id", "department_id"} - {field}, administers=True, reaching=[Scope.ALL, scope])


def test_a_form_that_changes_nothing_is_welcome() -> None:
    check_own_change(set(), administers=False)
