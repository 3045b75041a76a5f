"""A revision suits the version before it, which runs on while a deploy migrates, and again after a rollback.

What the database holds is compared before and after each revision, whether SQL or a verb of alembic's changed it. A
revision that is refused here and suits all the same says why: `SUITS_BECAUSE = "…"`.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from tests.conftest import ROOT
from tests.house.test_migrations import alembic_for, ask

BASELINE: Final = "0360_plain_names"
"""The head when judging began: what came before is everywhere already."""

VERSIONS: Final = ROOT / "db" / "migrations" / "versions"


class Column(NamedTuple):
    """What whoever reads and writes a column relies on; it is filled where the database does so for them."""

    type: str
    needed: bool
    filled: bool


class Shape(NamedTuple):
    """The columns by table and name, each table's bounds and what is unique in it, and the functions."""

    columns: Mapping[tuple[str, str], Column]
    bounds: set[tuple[str, str]]
    unique: set[tuple[str, str]]
    functions: set[tuple[str, str]]

    @property
    def tables(self) -> set[str]:
        return {table for table, _ in self.columns}


COLUMNS: Final = """
    SELECT c.relname, attname, format_type(atttypid, atttypmod), attnotnull, atthasdef OR attidentity <> ''
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
"""
BOUNDS: Final = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'x')
"""
UNIQUE: Final = r"""
    SELECT indrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \S+ ', 'INDEX ') FROM pg_index
    JOIN pg_class c ON c.oid = indexrelid WHERE indisunique AND relnamespace = 'public'::regnamespace
"""
FUNCTIONS: Final = """
    SELECT oid::regprocedure::text, pg_get_function_result(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
"""


def shape_of(on: Connection) -> Shape:
    columns = {(table, name): Column(*rest) for table, name, *rest in on.execute(text(COLUMNS))}
    bounds, unique, functions = ({(a, b) for a, b in on.execute(text(asked))} for asked in (BOUNDS, UNIQUE, FUNCTIONS))
    return Shape(columns, bounds, unique, functions)


def trips(before: Shape, after: Shape) -> list[str]:
    """Say over what the version before would fall."""
    known = before.tables
    found = [f"{table} is gone" for table in known - after.tables]
    found += [
        f"{table}.{name} {fault}"
        for (table, name), column in before.columns.items()
        if table in after.tables
        for fault in faults(column, after.columns.get((table, name)))
    ]
    found += [
        f"{table}.{name} is needed, and nothing fills it"
        for (table, name), column in after.columns.items()
        if table in known and (table, name) not in before.columns and column.needed and not column.filled
    ]
    stricter = (after.bounds - before.bounds) | (after.unique - before.unique)
    found += [f"{table} refuses more: {bound}" for table, bound in stricter if table in known]
    looser = before.unique - after.unique  # ON CONFLICT names what has to be unique
    found += [f"{table} is unique no more: {index}" for table, index in looser if table in after.tables]
    found += [f"{name} is gone, or answers otherwise" for name, _ in before.functions - after.functions]
    return sorted(found)


def faults(column: Column, now: Column | None) -> list[str]:
    """Say what is worse about a column than it was."""
    if now is None:
        return ["is gone"]
    looked_at = {
        f"was {column.type}, and is {now.type}": not holds(column.type, now.type),
        "is needed now": now.needed and not column.needed,
        "is filled no more": now.needed and column.filled and not now.filled,
    }
    return [fault for fault, met in looked_at.items() if met]


def holds(old: str, new: str) -> bool:
    """Whether the new type is the old one, or plainly wider; whatever else is wider says so."""
    lengths = [re.fullmatch(r"character varying\((\d+)\)", name) for name in (old, new)]
    if lengths[0]:
        return new == "text" or (lengths[1] is not None and int(lengths[1][1]) >= int(lengths[0][1]))
    return old == new or (old, new) == ("integer", "bigint")


def refused(alembic: Config, *, since: str) -> dict[str, list[str]]:
    """Take the revisions since one, each by itself, and list what is wrong with those that do not say why they suit."""
    database: URL = alembic.attributes["database_url"]
    script = ScriptDirectory.from_config(alembic)
    found = {}
    for revision in [*script.iterate_revisions("heads", since)][::-1]:
        before = ask(database, shape_of)
        command.upgrade(alembic, revision.revision)
        wrong = trips(before, ask(database, shape_of))
        if wrong and not getattr(revision.module, "SUITS_BECAUSE", ""):
            found[revision.revision] = wrong
    return found


def test_what_comes_next_suits_the_version_before_it(copy_database: Callable[[], URL]) -> None:
    alembic = alembic_for(copy_database())
    command.downgrade(alembic, BASELINE)
    assert refused(alembic, since=BASELINE) == {}


SUITING: Final = """DO $$ BEGIN
    CREATE TABLE umbrellas (id uuid PRIMARY KEY, colour text NOT NULL UNIQUE);
    ALTER TABLE branches ADD COLUMN motto text, ADD COLUMN umbrellas integer NOT NULL DEFAULT 0;
    ALTER TABLE branches ALTER COLUMN name TYPE text, ALTER COLUMN is_active DROP NOT NULL;
    CREATE INDEX ON branches (motto);
END $$"""
UNSUITING: Final = {
    "DROP TABLE offboardings": "offboardings is gone",
    "ALTER TABLE selfies RENAME TO portraits": "selfies is gone",
    "ALTER TABLE branches RENAME COLUMN email TO mailbox": "branches.email is gone",
    "ALTER TABLE branches ADD COLUMN anthem text NOT NULL": "branches.anthem is needed, and nothing fills it",
    "ALTER TABLE branches ALTER COLUMN address SET NOT NULL": "branches.address is needed now",
    "ALTER TABLE files ALTER COLUMN version DROP DEFAULT": "files.version is filled no more",
    "ALTER TABLE branches ALTER COLUMN phone_number TYPE varchar(20)": (
        "branches.phone_number was character varying(40), and is character varying(20)"
    ),
    "ALTER TABLE branches ALTER COLUMN latitude TYPE real": "branches.latitude was double precision, and is real",
    "CREATE UNIQUE INDEX ON branches (name)": (
        "branches refuses more: CREATE UNIQUE INDEX ON public.branches USING btree (name)"
    ),
    "ALTER TABLE branches ADD CHECK (latitude <= 90)": (
        "branches refuses more: CHECK ((latitude <= (90)::double precision))"
    ),
    "ALTER TABLE branches DROP CONSTRAINT uq_branches_code": (
        "branches is unique no more: CREATE UNIQUE INDEX ON public.branches USING btree (code)"
    ),
    "DROP FUNCTION name_applications_again()": "name_applications_again() is gone, or answers otherwise",
}


def test_what_the_version_before_would_fall_over_is_refused(copy_database: Callable[[], URL], tmp_path: Path) -> None:
    alembic = alembic_for(copy_database())
    head = before = ScriptDirectory.from_config(alembic).get_current_head()
    assert head is not None
    explained = "DROP TABLE dossier_prints", 'SUITS_BECAUSE = "Nobody has read it since the release before last."'
    for sql, says in [(SUITING, ""), *((sql, "") for sql in UNSUITING), explained]:
        name = f"made_up_{len(list(tmp_path.iterdir()))}"
        does = f"from alembic import op\n{says}\ndef upgrade() -> None:\n    op.execute({sql!r})\n"
        (tmp_path / f"{name}.py").write_text(f"revision, down_revision = {name!r}, {before!r}\n{does}", "utf-8")
        before = name
    alembic.set_main_option("version_locations", f"{VERSIONS}:{tmp_path}")
    alembic.set_main_option("path_separator", ":")
    assert [*refused(alembic, since=head).values()] == [[fault] for fault in UNSUITING.values()]
