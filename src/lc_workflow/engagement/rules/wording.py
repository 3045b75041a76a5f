"""How the steps of an application are worded for the people they concern, in English and in Khmer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lc_workflow.lending.rules.stages import APPROVE, PROCESS, Action, Stage
from lc_workflow.lending.rules.terms import Priority

UPDATE: Final = "application_update"
"""The type of a notification that lets its person know how their application goes on."""

TASK: Final = "application_task"
"""The type of a notification that asks its person to act."""

BREACH: Final = "application_late"
"""The type of a notification that work on an application is late."""

VACANT: Final = "approval_vacant"
"""The type of a notification that nobody may take a decision that loans wait for."""

PAYMENT: Final = "loan_payment"
"""The type of a notification about the payment of a loan: that it waits to be confirmed, or was not made."""

NAMING_A_CUSTOMER: Final = frozenset({UPDATE, TASK, BREACH, PAYMENT})
"""The types of notifications that name an application's customer: for those who may see the application."""

SECURITY: Final = "security_alert"
"""The type of a notification about who is let in."""

THE_HOUSE: Final = ("LC Workflow", "ប្រព័ន្ធ LC Workflow")
NOBODY: Final = ("an unnamed customer", "អតិថិជនមិនទាន់មានឈ្មោះ")


@dataclass(frozen=True, slots=True)
class Words:
    """A notification's title and message in both languages."""

    title: str
    message: str
    title_khmer: str
    message_khmer: str

    def about(self, *, actor: str | None, latin: str | None, khmer: str | None, **more: object) -> "Words":
        """Fill in who acted and whose application it is; a name missing in one script is taken from the other."""
        english = {"actor": actor or THE_HOUSE[0], "customer": latin or khmer or NOBODY[0]}
        local = {"actor": actor or THE_HOUSE[1], "customer": khmer or latin or NOBODY[1]}
        return Words(
            self.title,
            self.message.format(**english, **more),
            self.title_khmer,
            self.message_khmer.format(**local, **more),
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What waits at a stage, and the permission it needs; a decision is not for those who prepared the application."""

    permission: str
    words: Words
    for_preparers: bool = True


UPDATES: Final[Mapping[Stage, Words]] = {
    Stage.PO_CREATED: Words(
        "Application reopened",
        "{actor} opened the application of {customer} again.",
        "ពាក្យសុំត្រូវបានបើកឡើងវិញ",
        "{actor} បានបើកពាក្យសុំរបស់ {customer} ឡើងវិញ។",
    ),
    Stage.USER_COMPLETED: Words(
        "Application submitted",
        "{actor} submitted the application of {customer}.",
        "ពាក្យសុំត្រូវបានដាក់ស្នើ",
        "{actor} បានដាក់ស្នើពាក្យសុំរបស់ {customer}។",
    ),
    Stage.TELLER_PROCESSING: Words(
        "Processing has begun",
        "{actor} began to process the application of {customer}.",
        "ពាក្យសុំកំពុងត្រូវបានដំណើរការ",
        "{actor} បានចាប់ផ្តើមដំណើរការពាក្យសុំរបស់ {customer}។",
    ),
    Stage.MANAGER_REVIEW: Words(
        "Application sent to the manager",
        "{actor} sent the application of {customer} to the manager.",
        "ពាក្យសុំត្រូវបានបញ្ជូនទៅប្រធាន",
        "{actor} បានបញ្ជូនពាក្យសុំរបស់ {customer} ទៅប្រធាន។",
    ),
    Stage.APPROVED: Words(
        "Application approved",
        "{actor} approved the application of {customer}.",
        "ពាក្យសុំត្រូវបានអនុម័ត",
        "{actor} បានអនុម័តពាក្យសុំរបស់ {customer}។",
    ),
    Stage.REJECTED: Words(
        "Application rejected",
        "{actor} rejected the application of {customer}.",
        "ពាក្យសុំត្រូវបានបដិសេធ",
        "{actor} បានបដិសេធពាក្យសុំរបស់ {customer}។",
    ),
    Stage.RETURNED: Words(
        "Application returned",
        "{actor} returned the application of {customer} for correction.",
        "ពាក្យសុំត្រូវបានបញ្ជូនត្រឡប់",
        "{actor} បានបញ្ជូនពាក្យសុំរបស់ {customer} ត្រឡប់ឱ្យកែ។",
    ),
    Stage.WITHDRAWN: Words(
        "Application withdrawn",
        "{actor} withdrew the application of {customer}.",
        "ពាក្យសុំត្រូវបានដកវិញ",
        "{actor} បានដកពាក្យសុំរបស់ {customer} វិញ។",
    ),
    Stage.EXPIRED: Words(
        "Approval expired",
        "{actor} ended the approval for {customer}: it was not used in time.",
        "ការអនុម័តផុតសុពលភាព",
        "{actor} បានបញ្ចប់ការអនុម័តសម្រាប់ {customer} ព្រោះមិនបានប្រើក្នុងពេលកំណត់។",
    ),
    Stage.DISBURSED: Words(
        "Loan disbursed",
        "{actor} disbursed the loan of {customer}.",
        "កម្ចីត្រូវបានបើកប្រាក់",
        "{actor} បានបើកប្រាក់កម្ចីរបស់ {customer}។",
    ),
}
"""What the drafter of an application is told when somebody else moves it to a stage."""

APPROVAL_UNDONE: Final = Words(
    "Approval undone",
    "{actor} undid the approval for {customer}: it is to be decided again.",
    "ការអនុម័តត្រូវបានដកវិញ",
    "{actor} បានដកការអនុម័តសម្រាប់ {customer} វិញ ហើយត្រូវសម្រេចម្តងទៀត។",
)
"""What the drafter of an application is told when its approval is undone."""

TASKS: Final[Mapping[Stage, Task]] = {
    Stage.USER_COMPLETED: Task(
        PROCESS,
        Words(
            "Application to process",
            "The application of {customer}, submitted by {actor}, waits to be processed.",
            "ពាក្យសុំរង់ចាំដំណើរការ",
            "ពាក្យសុំរបស់ {customer} ដែល {actor} បានដាក់ស្នើ កំពុងរង់ចាំដំណើរការ។",
        ),
    ),
    Stage.MANAGER_REVIEW: Task(
        APPROVE,
        Words(
            "Application to decide",
            "The application of {customer}, sent by {actor}, waits for your decision.",
            "ពាក្យសុំរង់ចាំការសម្រេច",
            "ពាក្យសុំរបស់ {customer} ដែល {actor} បានបញ្ជូន កំពុងរង់ចាំការសម្រេចរបស់អ្នក។",
        ),
        for_preparers=False,
    ),
}
"""What those who may take the next step from a stage are told."""

INHERITED: Final[Mapping[Stage, Words]] = {
    Stage.RETURNED: Words(
        "Application to correct",
        "The application of {customer}, returned by {actor}, waits to be corrected; its drafter does not work on it any"
        " more.",
        "ពាក្យសុំរង់ចាំការកែតម្រូវ",
        "ពាក្យសុំរបស់ {customer} ដែល {actor} បានបញ្ជូនត្រឡប់ កំពុងរង់ចាំការកែតម្រូវ ព្រោះអ្នករៀបចំលែងធ្វើការនេះហើយ។",
    ),
    Stage.APPROVED: Words(
        "Loan to pay out",
        "The application of {customer}, approved by {actor}, waits for somebody to ask for its payment; its drafter"
        " does not work on it any more.",
        "កម្ចីរង់ចាំការស្នើសុំបើកប្រាក់",
        "ពាក្យសុំរបស់ {customer} ដែល {actor} បានអនុម័ត កំពុងរង់ចាំការស្នើសុំបើកប្រាក់ ព្រោះអ្នករៀបចំលែងធ្វើការនេះហើយ។",
    ),
}
"""What those who may go on with an application are told at stages where otherwise its drafter does, once they left."""

AT_THE_NEXT_STAGE: Final = Words(
    "Application to decide",
    "The application of {customer} passed a stage by {actor} and waits for your decision.",
    "ពាក្យសុំរង់ចាំការសម្រេច",
    "ពាក្យសុំរបស់ {customer} ដែល {actor} បានសម្រេចរួចមួយដំណាក់ កំពុងរង់ចាំការសម្រេចរបស់អ្នក។",
)
"""What those who hold the next stage of an approval are told."""

TASK_GIVEN: Final = Words(
    "Work for you",
    "{actor} gave you the application of {customer}.",
    "ការងារសម្រាប់អ្នក",
    "{actor} បានប្រគល់ពាក្យសុំរបស់ {customer} ឱ្យអ្នក។",
)
"""What the new owner of a task assigned by a colleague is told."""

LATE: Final = Words(
    "Application is late",
    "The application of {customer} has waited longer than it may.",
    "ពាក្យសុំហួសកាលកំណត់",
    "ពាក្យសុំរបស់ {customer} បានរង់ចាំយូរជាងកាលកំណត់។",
)
"""What those with late work, or responsible for it, are told."""

_WEIGHTY: Final = frozenset({Stage.APPROVED, Stage.REJECTED, Stage.RETURNED, Stage.EXPIRED})


def update_by(action: str, target: Stage) -> tuple[Words, Priority]:
    """What the drafter of an application is told of an action that led to a stage, and its priority.

    Decisions, final stages and returns have a higher priority than steps on the way.
    """
    if action == Action.UNDO_APPROVAL:
        return APPROVAL_UNDONE, Priority.HIGH
    return UPDATES[target], Priority.HIGH if target in _WEIGHTY else Priority.NORMAL


PAYMENT_TO_CONFIRM: Final = Words(
    "Payment to confirm",
    "The loan of {customer} was handed over to be paid out; confirm it once it is paid, or say that it was not.",
    "ការបើកប្រាក់រង់ចាំការបញ្ជាក់",
    "ការបើកប្រាក់កម្ចីរបស់ {customer} ត្រូវបានបញ្ជូនទៅទូទាត់ហើយ សូមបញ្ជាក់នៅពេលបានបើករួច ឬកត់ត្រាថាមិនបានបើក។",
)
"""What those who may confirm a payment are told when somebody else asked for it."""

PAYMENT_FAILED: Final = Words(
    "Loan not paid out",
    "{actor} wrote down that the loan of {customer} was not paid out; ask for the payment again when it can be made,"
    " as long as the approval holds.",
    "កម្ចីមិនត្រូវបានបើកប្រាក់",
    "{actor} បានកត់ត្រាថាកម្ចីរបស់ {customer} មិនត្រូវបានបើកប្រាក់ទេ ដរាបណាការអនុម័តនៅមានសុពលភាព សូមស្នើសុំម្តងទៀតនៅពេលអាចបើកបាន។",
)
"""What those who want a loan paid out are told when it was not."""

PAYMENT_NOT_TAKEN: Final = Words(
    "Payment is not taken",
    "The payment system has not taken the loan of {customer} yet; it is tried on, and the request says why.",
    "ការបើកប្រាក់មិនទាន់ត្រូវបានទទួល",
    "ប្រព័ន្ធទូទាត់មិនទាន់បានទទួលការបើកប្រាក់កម្ចីរបស់ {customer} នៅឡើយទេ ការព្យាយាមនៅតែបន្ត ហើយសំណើប្រាប់ពីមូលហេតុ។",
)
"""What those who want a loan paid out are told when the payment system refuses, or does not answer."""

NOBODY_DECIDES: Final = Words(
    "Nobody may decide",
    "{waiting} application(s) of {place} wait at the stage {stage}, and nobody may decide there as {role}: give"
    " somebody that authority, or let somebody stand in.",
    "គ្មានអ្នកសម្រេច",
    "ពាក្យសុំចំនួន {waiting} របស់ {place} រង់ចាំនៅដំណាក់កាល {stage} ហើយគ្មាននរណាអាចសម្រេចជា {role} ទេ៖"
    " សូមផ្តល់សិទ្ធិនោះដល់នរណាម្នាក់ ឬឱ្យនរណាម្នាក់ជំនួស។",
)
"""What those who give authority are told."""

UNLOCK_REQUESTED: Final = Words(
    "Account to unlock",
    "{actor} asks you to unlock the account of {customer}.",
    "គណនីត្រូវដោះសោ",
    "{actor} សុំឱ្យអ្នកដោះសោគណនីរបស់ {customer}។",
)
"""What administrators are told when somebody is locked out; `customer` is whose account it is."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification sent on request: its type and its words."""

    type: str
    words: Words


WELCOME: Final = Notice(
    "user_welcome",
    Words(
        "Welcome to LC Workflow",
        "Your account is ready. Look at your profile, and ask your manager when something is missing.",
        "សូមស្វាគមន៍មកកាន់ LC Workflow",
        "គណនីរបស់អ្នករួចរាល់ហើយ។ សូមពិនិត្យព័ត៌មានផ្ទាល់ខ្លួន ហើយសួរប្រធានរបស់អ្នកបើខ្វះអ្វីមួយ។",
    ),
)

ONBOARDING: Final = Notice(
    "onboarding_reminder",
    Words(
        "Please finish setting up your account",
        "Some steps of setting up your account are still open.",
        "សូមបញ្ចប់ការរៀបចំគណនីរបស់អ្នក",
        "ជំហានមួយចំនួនក្នុងការរៀបចំគណនីរបស់អ្នកមិនទាន់រួចរាល់ទេ។",
    ),
)

TRIAL: Final = Notice(
    "notification_test",
    Words(
        "A notification to try",
        "If you can read this, notifications reach you.",
        "ការជូនដំណឹងសាកល្បង",
        "បើអ្នកអានសារនេះបាន ការជូនដំណឹងមកដល់អ្នកហើយ។",
    ),
)
