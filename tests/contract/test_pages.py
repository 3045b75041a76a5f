"""What the pages of administration and the companions of the web app call takes what they send and has what they read.

The steps are walked in their order; each says the fields of its answer, and which of its values later ones name.
"""

import json
import re
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import any_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, Permission
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.contract.test_routes import calls
from tests.contract.test_shapes import V1
from tests.documents.library.conftest import JPEG
from tests.identity.factories import PASSWORD
from tests.lending.steps import Draft
from tests.moments import NOON
from tests.organization.factories import a_department, an_employee

PAGE = "items,total,page,size,pages"
SENT = "total_users,message"
RIGHTS = "user_id,roles,effective_permissions,direct_permissions"
ROLE = "id,name,display_name,description,level,is_active,is_system_role,permission_count,user_count"
PERMISSION = "id,name,resource_type,action,scope,description,is_system,is_system_permission,is_active"
TEMPLATE = "id,name,description,permissions,permission_count"
BROUGHT = "action,mapped_count,unmapped_count"
UNLIMITED = {
    "parent_role_id": "",
    "department_restricted": False,
    "branch_restricted": False,
    "allowed_departments": [],
    "allowed_branches": [],
}
MIGRATED = "dry_run,processed,assignments_created,unmatched,remaining,success,message,report"
LEAVING = "user_id,status,account_status,successor_id,ended_sessions,open_work,handed_over"
SETTLING = (
    "user_id,user_info,onboarding_completed,onboarding_completed_at,progress_percentage,total_steps,completed_steps,"
    "applicable_steps,days_since_creation,timeline"
)
UNLOCKED = "message,user_id,is_locked,failed_login_attempts"
CHECKED = "available,valid,message"
ASSIGNMENT = "id,application_id,employee_id,assignment_role,assigned_at,assigned_by,is_active,notes,employee"
SETTING = "id,category,key,value,description,is_public,created_at,updated_at"
SELFIE = "id,file_id,application_id,selfie_type,notes,created_at"
FOLDER = "id,name,parent_id,application_id,file_count,created_at,updated_at"
FILE = "id,filename,original_filename,display_name,file_path,file_size,mime_type,uploaded_by,application_id,folder_id"
SAID = {"title": "អាន", "message": "Read this.", "notification_type": "announcement"}


class Step(NamedTuple):
    """One call: `fields` are those of the answer, of the first thing of its array with brackets around them, or its
    media type; `keep` names what is remembered, as `name=path.in.the.answer`.
    """

    method: str
    path: str
    fields: str = ""
    body: Any = None
    keep: str = ""
    who: str = "admin"
    form: Any = None
    files: Any = None


PERMISSIONS = (
    Step("GET", "/permissions", PAGE, keep="known=items.0.id"),
    Step("POST", "/permissions", PERMISSION, {"resource_type": "{resource}", "action": "{action}", "scope": "{scope}"},
         "permission=id"),
    Step("PUT", "/permissions/{permission}", PERMISSION, {"description": "To look", "is_active": True}),
    Step("POST", "/permissions/roles", ROLE, {"name": "helper", "display_name": "Helper", "level": 5} | UNLIMITED,
         "role=id"),
    Step("GET", "/permissions/roles", PAGE),
    Step("GET", "/permissions/roles/{role}", f"{ROLE},permissions"),
    Step("PUT", "/permissions/roles/{role}", ROLE, {"description": "Helps"}),
    Step("POST", "/permissions/roles/{role}/permissions/{permission}", "role_id,permission_id,is_granted"),
    Step("GET", "/permissions/matrix", "roles,permissions,assignments,matrix"),
    Step("PUT", "/permissions/matrix/toggle", "role_id,permission_id,is_granted",
         {"role_id": "{role}", "permission_id": "{known}", "is_granted": True}),
    Step("DELETE", "/permissions/roles/{role}/permissions/{permission}", "role_id,permission_id,is_granted"),
    Step("POST", "/permissions/bulk", "changed,success_count,failure_count,total",
         {"action": "grant", "role_ids": ["{role}"], "permission_ids": ["{permission}"]}),
    Step("GET", "/permissions/roles/standard", PAGE, keep="standard=items.0.name"),
    Step("POST", "/permissions/roles/from-template", ROLE, {"template": "{standard}", "name": "helper_two"}),
    Step("POST", "/permissions/templates", TEMPLATE, {"name": "Looking", "permission_ids": ["{permission}"]},
         "template=id"),
    Step("GET", "/permissions/templates", PAGE),
    Step("POST", "/permissions/roles/from-template", ROLE,
         {"template_id": "{template}", "name": "helper_three", "display_name": "Helper", "description": "Helps",
          "level": 50}, "third=id"),
    Step("PUT", "/permissions/templates/{template}", TEMPLATE, {"description": "Only looks"}),
    Step("GET", "/permissions/templates/{template}/export", "name,description,permissions,template_name"),
    Step("POST", "/permissions/templates/import", TEMPLATE, {"name": "Brought", "permissions": []}),
    Step("POST", "/permissions/templates/import?update_if_exists=true", f"{TEMPLATE},{BROUGHT}",
         files={"file": ("template.json", b'{"name": "Brought", "permissions": []}', "application/json")}),
    Step("POST", "/permissions/templates/generate-from-roles", PAGE, {"role_ids": ["{role}"]}),
    Step("POST", "/permissions/templates/preview", "added,held,refused,estimated_template_size,suggested_permissions",
         {"source_role_ids": ["{role}"], "include_inactive_roles": False, "preview_type": "detailed"}),
    Step("POST", "/permissions/templates/generate-from-roles", PAGE,
         {"source_role_ids": ["{role}"], "template_name": "Helping", "template_description": "Helps",
          "include_inactive_roles": False}),
    Step("POST", "/permissions/templates/preview", "added,held,refused",
         {"target_type": "role", "target_id": "{role}", "template_id": "{template}"}),
    Step("POST", "/permissions/templates/{template}/apply/role/{role}", "added"),
    Step("DELETE", "/permissions/templates/{template}"),
    Step("POST", "/users/{user}/roles", RIGHTS,
         {"role_id": "{role}", "department_id": None, "branch_id": None, "effective_until": None}),
    Step("GET", "/users/{user}/roles", PAGE),
    Step("GET", "/permissions/users/{user}/roles", PAGE),
    Step("DELETE", "/users/{user}/roles/{role}"),
    Step("POST", "/users/{user}/permissions", RIGHTS, {"permission_id": "{permission}", "is_granted": True}),
    Step("GET", "/users/{user}/permissions", RIGHTS),
    Step("GET", "/users/{user}/permissions/all", RIGHTS),
    Step("GET", "/permissions/users/{user}/permissions", PAGE),
    Step("DELETE", "/users/{user}/permissions/{permission}"),
    Step("DELETE", "/permissions/roles/{role}"),
    Step("DELETE", "/permissions/roles/{third}"),
    Step("DELETE", "/permissions/{permission}"),
    Step("GET", "/permissions/audit", PAGE),
    Step("GET", "/permissions/audit/export", "text/csv"),
    Step("GET", "/permissions/audit/export?format=json", "application/json"),
)  # fmt: skip

PEOPLE = (
    Step("GET", "/users/analytics/summary", "total,active,inactive,pending,suspended,archived,by_role,generated_at,"
         "activity_overview,role_distribution,organizational_summary"),
    Step("GET", "/users/analytics/activity-metrics", "period_days,active_today,active_7_days,daily,generated_at,"
         "overview,activity_levels,onboarding_metrics,geographic_distribution,trends"),
    Step("GET", "/users/analytics/organizational-metrics", "by_department,by_branch,by_position,summary,generated_at,"
         "department_breakdown,branch_breakdown,position_breakdown"),
    Step("GET", "/users/stats", "total,active,inactive,by_role"),
    Step("POST", "/users/bulk/status", "total,successful_updates,failed,errors",
         {"user_ids": ["{leaver}"], "status": "suspended", "reason": "Away"}),
    Step("POST", "/users/bulk/status", "successful_updates", {"user_ids": ["{leaver}"], "status": "active"}),
    Step("GET", "/users/export/csv", "text/csv"),
    Step("GET", "/users/export/csv/template", "text/csv"),
    Step("POST", "/users/import/csv", "status,successful_imports,successful_updates,errors,warnings,"
         "total_rows,failed_imports,skipped_rows,preview_mode,results",
         form={"preview_only": "true"}, files={"file": ("people.csv", b"username,email\nu,u@x.example\n", "text/csv")}),
    Step("GET", "/users/{user}/lifecycle/onboarding", SETTLING),
    Step("POST", "/users/{admin}/lifecycle/onboarding/complete", SETTLING),
    Step("POST", "/users/{admin}/lifecycle/onboarding/restart", SETTLING),
    Step("POST", "/users/{leaver}/lifecycle/offboarding/initiate", LEAVING, {"successor_id": "{user}", "reason": "x"}),
    Step("POST", "/users/{leaver}/lifecycle/offboarding/complete", LEAVING, {"notes": "All handed over"}),
    Step("POST", "/users/{locked}/request-unlock", UNLOCKED, {"reason": "Forgot it"}),
    Step("POST", "/users/{locked}/reset-login-attempts", UNLOCKED),
    Step("POST", "/users/{locked}/reset-lockout", UNLOCKED),
    Step("POST", "/users/{locked}/unlock-account", UNLOCKED),
    Step("GET", "/validation/check-email?email=a@b.example", CHECKED),
    Step("GET", "/validation/check-employee-id?employee_id=0042", CHECKED),
    Step("GET", "/validation/check-id-number?id_number=010234567", CHECKED),
    Step("GET", "/validation/check-phone?phone=012345678", CHECKED),
    Step("GET", "/validation/check-username?username=sok", CHECKED),
    Step("POST", "/auth/refresh", "access_token,refresh_token,expires_in,token_type", {"refresh_token": "{refresh}"}),
)  # fmt: skip

MESSAGES = (
    Step("POST", "/notifications/broadcast", f"{SENT},pattern,success", SAID | {"pattern": "general"}),
    Step("POST", "/notifications/send-realtime", SENT, SAID | {"user_id": "{user}"}),
    Step("POST", "/users/notifications/send", SENT, SAID | {"user_ids": ["{user}"]}),
    Step("POST", "/users/notifications/send-to-all", SENT, SAID),
    Step("POST", "/users/notifications/send-to-branch", SENT, SAID | {"branch_id": "{branch}"}),
    Step("POST", "/users/notifications/send-to-department", SENT, SAID | {"department_id": "{department}"}),
    Step("POST", "/users/notifications/onboarding-reminders", SENT),
    Step("POST", "/users/notifications/test", SENT),
    Step("POST", "/users/{user}/notifications/welcome", SENT),
    Step("GET", "/users/notifications", PAGE, who="officer"),
    Step("GET", "/users/notifications/preferences", "preferences"),
    Step("PUT", "/users/notifications/preferences", "preferences",
         {"notification_frequency": "daily", "quiet_hours": {"enabled": True, "start_time": "21:00",
                                                             "end_time": "06:00"}}),
    Step("POST", "/settings", SETTING, {"category": "general", "key": "slogan", "value": "ជួយគ្នា"}, "setting=key"),
    Step("GET", "/settings/{setting}", SETTING),
    Step("PUT", "/settings/{setting}", SETTING, {"value": "Together"}),
    Step("PATCH", "/settings/bulk", "message,settings", {"slogan": "Always"}),
    Step("DELETE", "/settings/{setting}", "message"),
    Step("GET", "/settings/categories", "application/json"),
    Step("GET", "/settings/theme", "theme_mode,primary_color"),
    Step("GET", "/enums/all", "id-card-types,product-types,loan-purposes,loan-statuses"),
    Step("GET", "/enums/loan-purposes", "[value,label,label_khmer]"),
    Step("GET", "/enums/loan-statuses", "[value,label,label_khmer]"),
)  # fmt: skip

WORK = (
    Step("GET", "/admin/migration-status", "total_applications,migrated,pending,matchable,unmatched,unmatched_names"),
    Step("GET", "/admin/unmatched-names", PAGE),
    Step("POST", "/admin/migrate-employees", MIGRATED, {"dry_run": True}),
    Step("POST", "/admin/manual-match", MIGRATED, {"portfolio_officer_name": "Nobody", "employee_id": "{employee}"}),
    Step("POST", "/admin/revert-migration", "applications,assignments_ended,assignments_deactivated,remaining"),
    Step("POST", "/employees/assignments", ASSIGNMENT,
         {"application_id": "{application}", "employee_id": "{employee}", "assignment_role": "reviewer"},
         "assignment=id", who="manager"),
    Step("GET", "/employees/assignments/employee/{employee}", f"[{ASSIGNMENT}]"),
    Step("GET", "/employees/{employee}/workload",
         "total_assignments,active_assignments,completed_assignments,assignments_by_status"),
    Step("GET", "/employees/reports/workload-summary",
         "[employee_id,employee_code,full_name_khmer,full_name_latin,department,branch,total_assignments,workload,"
         "assignments_by_status]"),
    Step("PATCH", "/employees/assignments/{assignment}", ASSIGNMENT, {"notes": "Look soon"}, who="manager"),
    Step("DELETE", "/employees/assignments/{assignment}", who="manager"),
    Step("POST", "/employees/generate-codes", "codes,count,expires_at", {"count": 2}),
    Step("GET", "/applications/cards", PAGE),
    Step("GET", "/applications/export/csv", "text/csv", who="manager"),
    Step("GET", "/applications/stats/summary", "total,by_status,by_workflow_status,by_priority,amounts"),
    Step("PATCH", "/applications/{application}/priority", "id,status,priority_level", {"priority_level": "high"},
         who="manager"),
    Step("PATCH", "/applications/{application}/assign-reviewer", "id,assigned_reviewer",
         {"reviewer_id": "{reviewer}"}, who="manager"),
    Step("GET", "/applications/{application}/workflow/status", "application_id,current_status,status,next_stages"),
    Step("GET", "/applications/{application}/workflow/history", "application/json"),
    Step("GET", "/branches/active", PAGE),
    Step("GET", "/branches/{branch}/stats", "branch_id,people,applications"),
    Step("GET", "/branches/{branch}/users", PAGE),
    Step("GET", "/departments/active", PAGE),
    Step("GET", "/folders/document-types", "[value,label,label_khmer,folder,position]"),
    Step("POST", "/files/upload-url", "file_id,upload_url,headers,expires_in",
         {"application_id": "{application}", "document_type": "borrower_photo", "filename": "a.jpg",
          "content_type": "image/jpeg", "file_size": len(JPEG)}, "arrival=file_id upload=upload_url", who="officer"),
    Step("PUT", "{upload}"),
    Step("POST", "/files/finalize", FILE, {"file_id": "{arrival}"}, "file=id folder=folder_id", who="officer"),
    Step("GET", "/files/{file}", FILE, who="officer"),
    Step("GET", "/folders/application/{application}/hierarchy", "application_id,folders,total_folders,total_files"),
    Step("GET", "/folders/{folder}", FOLDER, who="officer"),
    Step("PATCH", "/folders/{folder}", FOLDER, {"name": "Of the borrower"}, who="officer"),
    Step("POST", "/selfies/upload", SELFIE, keep="selfie=id", who="officer",
         form={"application_id": "{application}", "selfie_type": "customer_profile"},
         files={"file": ("selfie.jpg", JPEG, "image/jpeg")}),
    Step("DELETE", "/selfies/{selfie}", who="officer"),
    Step("POST", "/selfies/upload", SELFIE, keep="selfie=id", who="officer",
         form={"application_id": "{application}", "selfie_type": "customer_profile"},
         files={"file": ("selfie.jpg", JPEG, "image/jpeg")}),
    Step("GET", "/selfies", PAGE, who="officer"),
    Step("GET", "/selfies/{selfie}", SELFIE, who="officer"),
    Step("POST", "/selfies/{selfie}/validate", SELFIE, {"is_valid": True}, who="manager"),
)  # fmt: skip

WALKS = {"permissions": PERMISSIONS, "people": PEOPLE, "messages": MESSAGES, "work": WORK}


def test_no_call_of_a_page_or_a_companion_is_left_out() -> None:
    walked = {
        (
            step.method,
            re.sub(r"\{\w+\}", "{id}", f"{V1}{step.path.partition('?')[0]}").replace("/apply/role/", "/apply/{id}/"),
        )
        for walk in WALKS.values()
        for step in walk
    }
    known = {
        (call.method, re.sub(r"(check-code|apply)/\{id\}", r"\1/{id}", call.path))
        for call in calls()
        if call.rank != "main"
    }
    assert known - walked == set()


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
async def test_a_walk(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, walk: tuple[Step, ...]
) -> None:
    session.add(department := a_department())
    session.add(employee := an_employee(branch_id=branch.id))
    await session.flush()
    people = {
        role: await sign_in(role, branch_id=branch.id, department_id=department.id)
        for role in ("admin", "officer", "manager")
    }
    locked = await sign_in("viewer", branch_id=branch.id, locked_until=NOON + timedelta(hours=1))
    leaver, reviewer = [await sign_in(role, branch_id=branch.id) for role in ("officer", "teller")]
    held = exists().where(Permission.name == any_(CompanyRole.grants))
    unheld = (await session.scalars(select(Permission).where(~held).order_by(Permission.name))).first()
    assert unheld is not None
    await session.delete(unheld)  # so that it can be written down
    await session.commit()
    application = await draft(people["officer"], portfolio_officer_name="Nobody")
    form = {"username": people["admin"].user.username, "password": PASSWORD}
    known = {
        "branch": branch.id,
        "department": department.id,
        "employee": employee.id,
        "application": application["id"],
        "user": people["officer"].user.id,
        "admin": people["admin"].user.id,
        "resource": unheld.resource_type,
        "action": unheld.action,
        "scope": unheld.scope,
        "leaver": leaver.user.id,
        "locked": locked.user.id,
        "reviewer": reviewer.user.id,
        "refresh": (await client.post(f"{V1}/auth/login", data=form)).json()["refresh_token"],
    }
    for step in walk:
        answer = await _take(client, step, people[step.who], known)
        assert answer.is_success, (step.method, step.path, answer.status_code, answer.text)
        _check(step, answer)
        for kept in step.keep.split():
            name, _, path = kept.partition("=")
            value = answer.json()
            for part in path.split("."):
                value = value[int(part) if part.isdigit() else part]
            known[name] = value


async def _take(client: AsyncClient, step: Step, person: Person, known: dict[str, Any]) -> Response:
    def filled(text: str) -> str:
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    path = filled(step.path)
    if path.startswith("http"):
        return await client.put(path, content=JPEG, headers={"Content-Type": "image/jpeg"})
    sent: dict[str, Any] = {"files": step.files} if step.files else {}
    if step.form:
        sent["data"] = {name: filled(value) for name, value in step.form.items()}
    if step.body is not None:
        sent["json"] = json.loads(filled(json.dumps(step.body)))
    return await client.request(step.method, f"{V1}{path}", headers=person.headers, **sent)


def _check(step: Step, answer: Response) -> None:
    if "/" in step.fields:
        assert answer.headers["content-type"].startswith(step.fields), step.path
        if step.fields == "text/csv":
            assert answer.content.startswith(b"\xef\xbb\xbf"), step.path
    elif step.fields.startswith("["):
        (first, *_) = answer.json()
        assert set(step.fields[1:-1].split(",")) <= first.keys(), step.path
    elif step.fields:
        assert set(step.fields.split(",")) <= answer.json().keys(), (step.path, answer.text[:300])
