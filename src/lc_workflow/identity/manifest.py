"""What identity contributes: its routes, facts, jobs, answers to ports, and refusals."""

from lc_workflow.identity.events import (
    AccountChanged,
    AccountLocked,
    AccountOpened,
    AccountStatusMoved,
    FirstAdminSetUp,
    PasswordChanged,
    PasswordReset,
    PermissionAdded,
    PermissionDescribed,
    PermissionRemoved,
    RefreshTokenReused,
    RightGiven,
    RightTaken,
    RoleAltered,
    RoleChanged,
    RoleClosed,
    RoleGiven,
    RoleOpened,
    RoleRightsChanged,
    RoleTaken,
    SignedIn,
    SignedOut,
    TemplateRemoved,
    TemplateWritten,
)
from lc_workflow.identity.holdings.controllers import HeldController, HoldingController
from lc_workflow.identity.permissions.controllers import PermissionController, RoleController
from lc_workflow.identity.permissions.service import PermissionTaken, RoleNameTaken
from lc_workflow.identity.photos.controllers import PhotoController, ProfilePhotoController
from lc_workflow.identity.rules.roles import NoSuchRole
from lc_workflow.identity.sessions.controllers import AuthController, PasswordController
from lc_workflow.identity.sessions.jobs import FORGET_OLD_SESSIONS
from lc_workflow.identity.templates.controllers import TemplateController
from lc_workflow.identity.templates.service import TemplateNameTaken
from lc_workflow.identity.users.controllers import BranchUserController, DepartmentUserController, UserController
from lc_workflow.identity.users.service import (
    AccountBook,
    EmailTaken,
    EmployeeIdTaken,
    NoSuchLineManager,
    NoSuchPortfolio,
    NoSuchPosition,
    UsernameTaken,
)
from lc_workflow.organization.rules.references import NoSuchBranch, NoSuchDepartment
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(
        AuthController,
        PermissionController,
        RoleController,
        TemplateController,
        HoldingController,
        HeldController,
        PasswordController,
        UserController,
        DepartmentUserController,
        BranchUserController,
        PhotoController,
    ),
    uploads=(ProfilePhotoController,),
    events=(
        FirstAdminSetUp,
        SignedIn,
        SignedOut,
        AccountLocked,
        RefreshTokenReused,
        PasswordChanged,
        AccountOpened,
        AccountChanged,
        PermissionAdded,
        PermissionDescribed,
        PermissionRemoved,
        RightGiven,
        RightTaken,
        RoleAltered,
        RoleClosed,
        RoleGiven,
        RoleOpened,
        RoleRightsChanged,
        RoleTaken,
        TemplateRemoved,
        TemplateWritten,
        RoleChanged,
        AccountStatusMoved,
        PasswordReset,
    ),
    jobs=(FORGET_OLD_SESSIONS,),
    dependencies={"headcounts": provide(AccountBook), "account_directory": provide(AccountBook)},
    refusals={
        "fk_users_role": NoSuchRole,
        "uq_permissions_name": PermissionTaken,
        "uq_roles_name": RoleNameTaken,
        "uq_permission_templates_name": TemplateNameTaken,
        "uq_users_username": UsernameTaken,
        "uq_users_email": EmailTaken,
        "uq_users_employee_id": EmployeeIdTaken,
        "fk_users_branch_id": NoSuchBranch,
        "fk_users_department_id": NoSuchDepartment,
        "fk_users_position_id": NoSuchPosition,
        "fk_users_portfolio_id": NoSuchPortfolio,
        "fk_users_line_manager_id": NoSuchLineManager,
    },
)
