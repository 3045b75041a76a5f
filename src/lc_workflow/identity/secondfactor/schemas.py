"""The second factor as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

from lc_workflow.identity.users.schemas import Password

Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
"""Six digits from the telephone, or a recovery code; blanks and dashes do not matter."""

Secret: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]


class SecondStep(Struct, frozen=True, kw_only=True):
    """The password was right; the challenge and a code of the second factor open the session.

    With `enrolment_required` the person has no second factor yet and their role requires one: they set it up first.
    """

    challenge: str
    expires_in: int
    enrolment_required: bool
    second_factor_required: bool = True


class Challenge(Struct, frozen=True):
    """A sign-in that waits for its second step."""

    EXAMPLE: ClassVar[dict[str, object]] = {"challenge": "the challenge of the sign-in"}

    challenge: Secret


class Passing(Struct, frozen=True):
    """A sign-in that waits for its second step, and the code that completes it."""

    challenge: Secret
    code: Code


class PasswordAgain(Struct, frozen=True):
    """The password once more, to be sure who asks."""

    EXAMPLE: ClassVar[dict[str, object]] = {"password": "Lotus-Pond-2026"}

    password: Password


class CodeGiven(Struct, frozen=True):
    """A code of the second factor."""

    EXAMPLE: ClassVar[dict[str, object]] = {"code": "492817"}

    code: Code


class Removal(Struct, frozen=True):
    """The password and a code, to be sure who gives the second factor up."""

    EXAMPLE: ClassVar[dict[str, object]] = {"password": "Lotus-Pond-2026", "code": "492817"}

    password: Password
    code: Code


class Enrolment(Struct, frozen=True):
    """What the telephone needs to know, as text and as the address of a QR code; shown this once."""

    secret: str
    otpauth_uri: str


class RecoveryCodes(Struct, frozen=True):
    """Ten codes for the day the telephone is lost, each good once; shown this once."""

    recovery_codes: list[str]


class SecondFactorStanding(Struct, frozen=True, kw_only=True):
    """Whether one has a second factor, must have one, and how many recovery codes are left."""

    enabled: bool
    required: bool
    confirmed_at: datetime | None
    recovery_codes_left: int
