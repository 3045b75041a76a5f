"""What the roles let people do."""

import re
from itertools import product

import pytest

from lc_workflow.identity.rules.grants import NoSuchRight, Right
from lc_workflow.identity.rules.roles import STANDINGS, Role, RoleAboveOwn, check_rank, check_right
from lc_workflow.kernel.principal import Scope

ADMIN, MANAGER, OFFICER, AUDITOR, VIEWER = Role.ADMIN, Role.MANAGER, Role.OFFICER, Role.AUDITOR, Role.VIEWER
READING = {"read", "view_all", "export"}

MENU = {
    "application": {"read", "create", "update", "delete", "process", "approve"},
    "employee": {"read", "create", "update", "delete", "view_all"},
    "file": {"read", "delete"},
    "department": {"read", "create", "update", "delete"},
    "branch": {"read", "create", "update", "delete"},
    "user": {"read", "create", "import", "export", "manage"},
    "analytics": {"read"},
    "notification": {"read", "manage"},
    "system": {"manage"},
}
"""What the web app's menu and buttons ask for (its contract, §2)."""

SHOWN = {
    ADMIN: {
        "application": {"read", "create", "update", "delete"},
        "employee": {"read", "create", "update", "delete", "view_all"},
        "file": {"read", "delete"},
        "department": {"read", "create", "update", "delete"},
        "branch": {"read", "create", "update", "delete"},
        "user": {"read", "create", "import", "export", "manage"},
        "analytics": {"read"},
        "notification": {"read", "manage"},
        "system": {"manage"},
    },
    MANAGER: {
        "application": {"read", "create", "update", "delete", "approve"},
        "employee": {"read", "create", "update", "view_all"},
        "file": {"read", "delete"},
        "department": {"read"},
        "branch": {"read"},
        "user": {"read"},
        "analytics": {"read"},
        "notification": {"read"},
    },
    OFFICER: {
        "application": {"read", "create", "update", "delete", "process"},
        "employee": {"read", "view_all"},
        "file": {"read", "delete"},
        "department": {"read"},
        "branch": {"read"},
        "user": {"read"},
        "analytics": {"read"},
        "notification": {"read"},
    },
}


@pytest.mark.parametrize("role", SHOWN)
def test_each_role_of_the_web_app_sees_its_menu(role: Role) -> None:
    grants = STANDINGS[role].grants
    shown = {noun: {verb for verb in verbs if f"{noun}:{verb}" in grants} for noun, verbs in MENU.items()}
    assert {noun: verbs for noun, verbs in shown.items() if verbs} == SHOWN[role]


def test_every_role_has_a_standing_of_its_own() -> None:
    assert set(STANDINGS) == set(Role)
    assert len({standing.level for standing in STANDINGS.values()}) == len(Role)


@pytest.mark.parametrize("role", Role)
def test_permissions_are_written_as_noun_and_verb(role: Role) -> None:
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", permission) for permission in STANDINGS[role].grants)


def test_only_managers_decide_about_loans() -> None:
    reach = {role: STANDINGS[role].grants.get("application:approve") for role in Role}
    assert {role: scope for role, scope in reach.items() if scope} == {
        MANAGER: Scope.BRANCH,
        Role.REGIONAL_MANAGER: Scope.ALL,
    }


def test_officers_and_tellers_take_the_tellers_steps_in_their_branch() -> None:
    holders = {role: STANDINGS[role].grants.get("application:process") for role in Role}
    assert {role for role, scope in holders.items() if scope} == {OFFICER, Role.TELLER}
    assert holders[OFFICER] is holders[Role.TELLER] is Scope.BRANCH


def test_nobody_prepares_and_decides() -> None:
    assert not [
        role for role in Role if {"application:process", "application:approve"} <= STANDINGS[role].grants.keys()
    ]


@pytest.mark.parametrize("role", [AUDITOR, VIEWER])
def test_who_looks_on_changes_nothing_but_their_own_profile(role: Role) -> None:
    changing = {name: scope for name, scope in STANDINGS[role].grants.items() if name.split(":")[1] not in READING}
    assert changing == {"user:update": Scope.OWN}


def test_an_auditor_sees_everything() -> None:
    grants = STANDINGS[AUDITOR].grants
    assert {grants[f"{noun}:read"] for noun in ("application", "customer", "file", "folder", "user", "system")} == {
        Scope.ALL
    }


def test_accounts_are_the_administrators_work() -> None:
    for role, verb in product(Role, ("create", "update", "delete", "import", "manage")):
        reach = STANDINGS[role].grants.get(f"user:{verb}")
        own = Scope.OWN if verb == "update" else None
        assert reach is (Scope.ALL if role is ADMIN else own), (role, verb)


@pytest.mark.parametrize("role", Role)
def test_everybody_finds_themselves_and_the_company(role: Role) -> None:
    grants = STANDINGS[role].grants
    assert {"user:read", "user:update", "notification:read"} <= grants.keys()
    assert all(grants[f"{noun}:read"] is Scope.ALL for noun in ("branch", "department", "position", "employee"))


def test_the_table_cannot_be_changed_while_it_is_used() -> None:
    with pytest.raises(TypeError):
        STANDINGS[OFFICER] = STANDINGS[ADMIN]  # type: ignore[index]


@pytest.mark.parametrize(("own", "touched"), list(product(Role, Role)))
def test_nobody_touches_a_role_above_their_own(own: Role, touched: Role) -> None:
    level, touching = STANDINGS[own].level, {str(role): STANDINGS[role].level for role in (own, touched)}
    if touching[touched] <= level:
        check_rank(level, touching)
    else:
        with pytest.raises(RoleAboveOwn, match=touched):
            check_rank(level, touching)


def test_the_web_app_knows_every_role_by_one_of_its_words() -> None:
    words = {role: standing.web_word for role, standing in STANDINGS.items()}
    assert set(words.values()) == {"admin", "manager", "officer", "viewer", "teller"}
    assert words[Role.PORTFOLIO_OFFICER] == "officer"
    assert words[AUDITOR] == words[Role.DATA_ENTRY] == "viewer"


@pytest.mark.parametrize(("written", "why"), [("loan:eat:all", "asks for"), ("system:manage:own", "scopes all")])
def test_only_rights_that_mean_something_are_given(written: str, why: str) -> None:
    with pytest.raises(NoSuchRight, match=why):
        check_right(Right.parse(written))


def test_the_rights_of_every_role_mean_something() -> None:
    for standing in STANDINGS.values():
        for written in standing.rights:
            check_right(Right.parse(written))
