"""What a new password must have."""

from lc_workflow.kernel.errors import FieldError, Invalid

LONGEST_BYTES = 72
"""bcrypt reads no further, so the rest of a longer password would not count."""


class WeakPassword(Invalid):
    """The password does not meet the policy of this installation."""


def check_password(
    password: str,
    *,
    shortest: int,
    special: bool = False,
    number: bool = False,
    uppercase: bool = False,
    old: str | None = None,
    field: str = "password",
) -> None:
    """Refuse a password that does not meet the policy or is the `old` one; `shortest` counts characters.

    `field` is the name under which it was sent.

    Raises:
        WeakPassword: It says everything that is missing.
    """
    missing = [
        words
        for words, met in (
            (f"at least {shortest} characters", len(password) >= shortest),
            (f"at most {LONGEST_BYTES} bytes", len(password.encode()) <= LONGEST_BYTES),
            ("a special character", not special or any(not sign.isalnum() for sign in password)),
            ("a number", not number or any(sign.isdecimal() for sign in password)),
            ("an uppercase letter", not uppercase or any(sign.isupper() for sign in password)),
            ("to be another than the old one", password != old),
        )
        if not met
    ]
    if missing:
        needs = f"needs {', '.join(missing)}"
        raise WeakPassword(f"The password {needs}.", errors=(FieldError(field, needs),))
