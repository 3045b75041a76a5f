"""Looking after encrypted columns: whether the keys open them, and encrypting them anew with the newest key."""

from collections.abc import Iterator
from typing import Any, Final, Protocol, cast
from uuid import UUID

from sqlalchemy import Table, UniqueConstraint, func, select, type_coerce, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Mapper
from sqlalchemy.types import LargeBinary

from lc_workflow.platform.db.base import Row
from lc_workflow.platform.security.columns import Sealed, SealedBytes
from lc_workflow.platform.security.vault import KEY_ID, CannotOpen, Vault
from lc_workflow.platform.variables import BadSetting

BATCH: Final = 500


class Indexed(Protocol):
    """A row with encrypted numbers that can be searched."""

    def indexes(self) -> dict[str, bytes | None]:
        """Its blind indexes, column by column."""


async def open_one_of_each(engine: AsyncEngine) -> None:
    """Check at the start that the keys open what is stored: one value of each encrypted column.

    Raises:
        BadSetting: They do not; the service would not be able to show whom it deals with.
    """
    async with engine.connect() as connection:
        for mapper, names in _sealed():
            for name in names:
                table = cast("Table", mapper.local_table)
                column = table.c[name]
                try:
                    (await connection.execute(select(column).where(column.is_not(None)).limit(1))).scalar()
                except CannotOpen as closed:
                    raise BadSetting(
                        f"ENCRYPTION_KEYS (or SECRET_KEY, which stands for them) do not open what is sealed in"
                        f" {table.name}.{name}: a key that sealed it is missing from the list."
                    ) from closed


async def reseal_columns(session: AsyncSession, vault: Vault) -> tuple[int, int]:
    """Encrypt with the newest key what older keys encrypted, and commit batch after batch.

    Returns how many rows that were, and how many of them repeated another row and are gone.

    The blind indexes are written anew with it, since they are made with the same key. `vault` is the one that the
    columns of this process use.

    Raises:
        CannotOpen: A key that has sealed something is not known here.
    """
    count = gone = 0
    for mapper, names in _sealed():
        while rows := await _old_rows(session, mapper, names, vault):
            for row in rows:
                gone += not await _seal_anew(session, mapper, names, row)
            count += len(rows)
            session.expunge_all()
            await session.commit()
    return count, gone


async def _old_rows(session: AsyncSession, mapper: Mapper[Any], names: list[str], vault: Vault) -> list[Row]:
    """Lock some rows in which something is encrypted with an older key."""
    table = cast("Table", mapper.local_table)
    raw = [type_coerce(table.c[name], LargeBinary) for name in names]
    old = [column.is_not(None) & (func.substring(column, 1, KEY_ID) != vault.current) for column in raw]
    condition = old[0]
    for further in old[1:]:
        condition |= further
    rows = await session.scalars(select(mapper.class_).where(condition).limit(BATCH).with_for_update())
    return list(rows)


async def _seal_anew(session: AsyncSession, mapper: Mapper[Any], names: list[str], row: Row) -> bool:
    """Write what a row holds once more; its version stays, because nobody has changed anything.

    Returns False when it is removed instead: the customer already has the same number under the newest key, so that
    this row adds nothing.
    """
    table = cast("Table", mapper.local_table)
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    indexes = cast("Indexed", row).indexes() if hasattr(row, "indexes") else {}
    row_id: UUID = row.id
    once = {
        one.name
        for one in table.constraints
        if isinstance(one, UniqueConstraint) and indexes.keys() & one.columns.keys()
    }
    try:
        async with session.begin_nested():
            await session.execute(update(table).where(table.c.id == row_id).values(values | indexes))
    except IntegrityError as refused:
        if getattr(refused.driver_exception, "constraint_name", None) not in once:
            raise
        await session.execute(table.delete().where(table.c.id == row_id))
        return False
    return True


def _sealed() -> Iterator[tuple[Mapper[Any], list[str]]]:
    """Every kind of row with encrypted columns, and those columns."""
    for mapper in Row.registry.mappers:
        columns = cast("Table", mapper.local_table).columns
        if names := [column.name for column in columns if isinstance(column.type, Sealed | SealedBytes)]:
            yield mapper, names
