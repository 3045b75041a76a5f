"""What identity contributes: its routes, facts, jobs, answers to ports, and refusals."""

from lc_workflow.identity.activation.controllers import ActivationController, InvitationController
from lc_workflow.identity.activation.jobs import MAIL_CODE
from lc_workflow.identity.availability.controllers import AvailabilityController
from lc_workflow.identity.devices.controllers import MySessionController, UserSessionController
from lc_workflow.identity.events import (
    AccountActivated,
    AccountChanged,
    AccountInvited,
    AccountLocked,
    AccountOpened,
    AccountsImported,
    AccountStatusMoved,
    AccountUnlocked,
    AddressBlocked,
    AddressUnblocked,
    AdministratorRecovered,
    FirstAdminSetUp,
    OffboardingCancelled,
    OffboardingCompleted,
    OffboardingInitiated,
    OffboardingMoved,
    OnboardingCompleted,
    OnboardingRestarted,
    PasswordChanged,
    PasswordReset,
    PermissionAdded,
    PermissionDescribed,
    PermissionRemoved,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    RefreshTokenReused,
    RegisterExported,
    RightGiven,
    RightTaken,
    RoleAltered,
    RoleChanged,
    RoleClosed,
    RoleGiven,
    RoleOpened,
    RoleRightsChanged,
    RoleTaken,
    SecondFactorFailed,
    SecondFactorRemoved,
    SecondFactorReset,
    SecondFactorSetUp,
    SessionsEnded,
    SignedIn,
    SignedOut,
    TemplateRemoved,
    TemplateWritten,
    UnlockRequested,
)
from lc_workflow.identity.holdings.controllers import HeldController, HoldingController
from lc_workflow.identity.lifecycle.controllers import BulkStatusController, LifecycleController, UnlockController
from lc_workflow.identity.lifecycle.jobs import SHUT_LEAVERS_OUT
from lc_workflow.identity.permissions.controllers import PermissionController, RoleController
from lc_workflow.identity.permissions.service import PermissionTaken, RoleNameTaken
from lc_workflow.identity.photos.controllers import PhotoController, ProfilePhotoController
from lc_workflow.identity.protection.controllers import SecurityController
from lc_workflow.identity.protection.service import AlreadyBlocked
from lc_workflow.identity.register.controllers import ImportController, RegisterController
from lc_workflow.identity.rules.onboarding import AlreadyLeaving
from lc_workflow.identity.secondfactor.controllers import FactorResetController, SecondFactorController
from lc_workflow.identity.sessions.controllers import AuthController, PasswordController
from lc_workflow.identity.sessions.jobs import FORGET_OLD_SESSIONS
from lc_workflow.identity.templates.controllers import TemplateController
from lc_workflow.identity.templates.service import TemplateNameTaken
from lc_workflow.identity.users.controllers import BranchUserController, DepartmentUserController, UserController
from lc_workflow.identity.users.jobs import FORGET_FORMER_TELEPHONES
from lc_workflow.identity.users.service import REFUSALS, AccountBook
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
        ActivationController,
        InvitationController,
        RegisterController,
        LifecycleController,
        UnlockController,
        BulkStatusController,
        AvailabilityController,
        MySessionController,
        UserSessionController,
        SecurityController,
        SecondFactorController,
        FactorResetController,
    ),
    uploads=(ProfilePhotoController, ImportController),
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
        AccountInvited,
        AccountActivated,
        AccountsImported,
        RegisterExported,
        AccountUnlocked,
        UnlockRequested,
        OnboardingCompleted,
        OnboardingRestarted,
        OffboardingInitiated,
        OffboardingMoved,
        OffboardingCancelled,
        OffboardingCompleted,
        SessionsEnded,
        AddressBlocked,
        AddressUnblocked,
        SecondFactorSetUp,
        RecoveryCodesRenewed,
        RecoveryCodeUsed,
        SecondFactorRemoved,
        SecondFactorReset,
        AdministratorRecovered,
        SecondFactorFailed,
    ),
    jobs=(FORGET_FORMER_TELEPHONES, FORGET_OLD_SESSIONS, MAIL_CODE, SHUT_LEAVERS_OUT),
    dependencies={"headcounts": provide(AccountBook), "account_directory": provide(AccountBook)},
    refusals={
        **REFUSALS,
        "uq_permissions_name": PermissionTaken,
        "uq_roles_name": RoleNameTaken,
        "uq_permission_templates_name": TemplateNameTaken,
        "uq_blocked_addresses_network": lambda: AlreadyBlocked("This address is blocked already."),
        "uq_offboardings_open": lambda: AlreadyLeaving("This person is being seen out already."),
    },
)
