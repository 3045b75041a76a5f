"""Which fields of an application may change where it stands."""

from collections.abc import Collection
from typing import Final

from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.lending.rules.stages import EDITABLE, PROCESS, UPDATE, Stage

TELLER_FIELDS: Final = frozenset({"account_id", "account_id_validated", "account_id_validation_notes"})
"""What the teller finds out, while it is with them."""

TELLER_STAGES: Final = frozenset({Stage.USER_COMPLETED, Stage.TELLER_PROCESSING})


class NotEditable(Invalid):
    """The application has gone on; its fields are closed."""


class NotYourEdit(Forbidden):
    """The fields are open, for someone with another permission."""


class Incomplete(Invalid):
    """Something has to be filled in before the application can be submitted."""


def check_edit(fields: Collection[str], stage: Stage, *, permissions: Collection[str]) -> None:
    """Let these fields change.

    Raises:
        NotEditable: Some are closed where the application stands.
        NotYourEdit: They are open, and the person lacks the permission for this application.
    """
    if stage in EDITABLE:
        if UPDATE not in permissions:
            raise NotYourEdit("Changing this application is for those who hold application:update for it.")
        return
    if closed := sorted(set(fields) - (TELLER_FIELDS if stage in TELLER_STAGES else frozenset())):
        raise NotEditable(
            f"An application at {stage} is closed for changes ({', '.join(closed[:5])}); return it first."
        )
    if PROCESS not in permissions:
        raise NotYourEdit("The account is the teller's to enter.")


def check_complete(*, names: Collection[str | None], requested_amount: object) -> None:
    """Let an application be submitted that says who wants how much.

    Raises:
        Incomplete: It names the fields that are missing.
    """
    missing = [
        *(() if any(names) else ("full_name_latin",)),
        *(() if requested_amount else ("requested_amount",)),
    ]
    if missing:
        raise Incomplete(
            f"Fill in {' and '.join(missing)} before submitting.",
            errors=tuple(FieldError(field, "is needed before submitting") for field in missing),
        )
