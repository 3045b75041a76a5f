"""The seed files hold together before anything is planted."""

import pytest
from msgspec import convert

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.identity.rules.roles import Role
from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.lending.applications.schemas import NewApplication
from lc_workflow.lending.rules.matching import normal_number
from lc_workflow.seeding.applications import application_steps, paper
from lc_workflow.seeding.data import Application, read_base, read_demo
from lc_workflow.seeding.institution import base_steps, institution_steps
from tests.moments import NOON
from tests.seeding.planted import SEEDS

BASE = read_base(SEEDS)
DEMO = read_demo(SEEDS)


def test_the_institution_has_three_branches_fifteen_employees_and_an_account_for_each_role() -> None:
    people = DEMO.institution.people
    assert len(DEMO.institution.branches) == 3
    assert len([person for person in people if person.code]) == 15
    names = {person.account.username for person in people if person.account}
    assert {role.value for role in Role} <= names


def test_what_people_name_is_there() -> None:
    departments = {department.code for department in BASE.departments}
    positions = {position.name for position in BASE.positions}
    branches = {branch.code for branch in DEMO.institution.branches}
    codes = {person.code for person in DEMO.institution.people}
    for person in DEMO.institution.people:
        assert person.department in departments
        assert person.position in positions
        assert person.branch is None or person.branch in branches
        assert person.line_manager is None or person.line_manager in codes


def test_sixty_applications_of_different_numbers_use_every_story() -> None:
    assert [application.number for application in DEMO.applications] == list(range(1, 61))
    assert {application.story for application in DEMO.applications} == DEMO.stories.keys()


@pytest.mark.parametrize("application", DEMO.applications, ids=lambda application: str(application.number))
def test_an_application_is_one_that_an_officer_could_send(application: Application) -> None:
    wish = convert(application.form, NewApplication)
    assert wish.full_name_khmer
    assert wish.full_name_latin


def test_some_customers_come_back_and_keep_their_account() -> None:
    accounts: dict[str, set[str]] = {}
    loans: dict[str, int] = {}
    for application in DEMO.applications:
        if number := application.form.get("id_number"):
            person = normal_number(number)
            loans[person] = loans.get(person, 0) + 1
            if application.account_id:
                accounts.setdefault(person, set()).add(application.account_id)
    assert max(loans.values()) > 1
    assert all(len(held) == 1 for held in accounts.values())
    assert len(set.union(*accounts.values())) == len(accounts)


def test_everything_happened_on_working_days_before_today() -> None:
    today = NOON.astimezone(PHNOM_PENH).date()
    for step in [*institution_steps(DEMO.institution, now=NOON), *application_steps(DEMO, now=NOON)]:
        there = step.at.astimezone(PHNOM_PENH)
        assert there.date() < today, step.key
        assert there.weekday() < 5, step.key
        assert 8 <= there.hour < 17, step.key


def test_no_two_steps_share_a_name_and_each_fits_the_journal() -> None:
    steps = [
        *base_steps(BASE, at=NOON),
        *institution_steps(DEMO.institution, now=NOON),
        *application_steps(DEMO, now=NOON),
    ]
    keys = [step.key for step in steps]
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) <= 59


def test_photos_are_jpegs_other_papers_are_pdfs_and_no_two_are_alike() -> None:
    first, second = DEMO.applications[0].form, DEMO.applications[1].form
    card = PaperKind(code="borrower_id_card", label_en="Identity card", label_km="អត្តសញ្ញាណប័ណ្ណ")
    title = PaperKind(code="land_title", label_en="Land title", label_km="ប័ណ្ណកម្មសិទ្ធិដីធ្លី")
    name, photo = paper(card, first)
    assert (name, photo[:3]) == ("អត្តសញ្ញាណប័ណ្ណ.jpg", b"\xff\xd8\xff")
    name, page = paper(title, first)
    assert name.endswith(".pdf")
    assert page.startswith(b"%PDF-")
    assert paper(card, second)[1] != photo
