"""The base of every row: an id, and when it was written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from advanced_alchemy.base import CommonTableAttributes
from sqlalchemy import DateTime, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints are named, so that a refusal can be recognised by the constraint's name."""


class Row(CommonTableAttributes, DeclarativeBase):
    """A row with a UUID v4 as its public id."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), UUID: Uuid()}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, insert_sentinel=True, sort_order=-10)


class DatedRow(Row):
    """A row that knows when it was written and last changed; verbs set the moment, never the database."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(sort_order=91)

    def change(self, fields: Mapping[str, Any], *, at: datetime) -> None:
        """Take over these values at a moment."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.updated_at = at
