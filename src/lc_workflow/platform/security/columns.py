"""Column types that the database cannot read, and the blind indexes by which their values are found."""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, LargeBinary, TypeDecorator
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import operators

from lc_workflow.platform.security.vault import in_use


class Sealed(TypeDecorator[str]):
    """A text that the database cannot read: encrypted when written, decrypted when read (`platform/security/vault.py`).

    `about` names table and column and is bound to the text, so that it can be decrypted nowhere else. No condition can
    compare such a column; what is to be found by it has a blind index beside it, written with `blind` and searched with
    `found_by`.
    """

    impl = LargeBinary
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[str]):
        """Allows conditions to ask only whether a value is there, because no two ciphertexts are alike."""

        def operate(
            self,
            op: operators.OperatorType,
            *other: Any,
            **options: Any,
        ) -> ColumnElement[Any]:
            """Build the condition.

            Raises:
                TypeError: It would compare sealed texts, and never hold.
            """
            if op not in {operators.is_, operators.is_not}:
                raise TypeError("A sealed column cannot be compared; ask its blind index.")
            return super().operate(op, *other, **options)

    comparator_factory = Comparator

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Encrypt what is written."""
        return None if value is None else in_use().seal(value, about=self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Decrypt what is read."""
        return None if value is None else in_use().open(value, about=self.about)


def opened(written: str | None, *, about: str) -> str | None:
    """Decrypt a sealed column that the database wrote within JSON: as hexadecimal after a two-character prefix."""
    return None if written is None else in_use().open(bytes.fromhex(written[2:]), about=about)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that the database cannot read."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Encrypt what is written."""
        return None if value is None else in_use().seal_bytes(value, about=self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Decrypt what is read."""
        return None if value is None else in_use().open_bytes(value, about=self.about)


BLIND = LargeBinary(32)
"""A blind index: a keyed hash of what a sealed column holds, by which equal numbers are found."""


def blind(key: str | None, *, of: str) -> bytes | None:
    """The blind index of a number, which must be in its compared form."""
    return None if key is None else in_use().index(key, of=of)


def found_by(column: InstrumentedAttribute[Any], *keys: str | None, of: str) -> ColumnElement[bool]:
    """Match rows by a number, whichever key their index was made with."""
    return column.in_(blinds(*keys, of=of))


def blinds(*keys: str | None, of: str) -> list[bytes]:
    """The blind indexes of numbers in their compared form, under each known key."""
    return [index for key in keys if key is not None for index in in_use().indexes(key, of=of)]
