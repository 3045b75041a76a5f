"""Settings as rows, and those an installation begins with."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow
from lc_workflow.system.rules.values import (
    ADDRESS,
    ANYTHING,
    COLOUR,
    DATE_FORM,
    E_MAIL,
    FLAG,
    TEXT,
    TIME_ZONE,
    Kind,
    one_of,
    whole,
)

THEME: Final = "theme"
"""The category of what the web app looks like."""


class Setting(DatedRow):
    """One adjustable value; a public one may be read by everyone who is signed in.

    The web app names settings by their keys alone, so no two categories share one.
    """

    __tablename__ = "settings"

    category: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    value: Mapped[Any] = mapped_column(JSONB)
    description: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=False)

    @property
    def type(self) -> str:
        """What it may hold."""
        return kind_of(self.key).name

    @property
    def obeyed_by(self) -> str:
        """Who uses it: the `server`, or the `web_app` alone."""
        default = KNOWN.get(self.key)
        return "server" if default and default.obeyed else "web_app"


@dataclass(frozen=True, slots=True)
class Default:
    """A setting an installation begins with; `value` is None where only the institution knows it.

    The server uses those that are `obeyed`, at once and in every process, because it reads them when it needs them; the
    others are kept for the web app.
    """

    category: str
    key: str
    value: str | bool | int | None
    description: str
    kind: Kind
    obeyed: bool = False


LANGUAGES: Final = one_of("km", "en")
COMPANY_NAME: Final = "company_name"
COMPANY_NAME_KHMER: Final = "company_name_khmer"

DEFAULTS: Final = (
    Default("general", "app_name", "LC Workflow", "Name of the application", TEXT),
    Default("general", COMPANY_NAME, None, "Name of the institution; it signs e-mails", TEXT, obeyed=True),
    Default("general", COMPANY_NAME_KHMER, None, "Name of the institution in Khmer", TEXT, obeyed=True),
    Default("general", "company_address", None, "Address of the head office", TEXT),
    Default("general", "company_phone", None, "Telephone number of the head office", TEXT),
    Default("general", "company_email", None, "E-mail address of the head office", E_MAIL),
    Default("general", "default_language", "km", "Language of the web app: km or en", LANGUAGES),
    Default("general", "timezone", "Asia/Phnom_Penh", "Time zone the web app shows", TIME_ZONE),
    Default("general", "date_format", "DD/MM/YYYY", "How the web app writes dates", DATE_FORM),
    Default("general", "default_currency", "USD", "Currency of a new application in the web app", one_of("USD", "KHR")),
    Default(THEME, "theme_mode", "light", "Appearance: light, dark or system", one_of("light", "dark", "system")),
    Default(THEME, "primary_color", "#1d4ed8", "Colour of buttons and links", COLOUR),
    Default(THEME, "accent_color", "#0f766e", "Colour of highlights", COLOUR),
    Default(THEME, "logo_url", None, "Address of the logo", ADDRESS),
    Default(
        "lending",
        "approval_valid_days",
        30,
        "For how many days an approval may be used before it expires",
        whole(1, 3_650),
        obeyed=True,
    ),
    Default(
        "lending",
        "khr_per_usd",
        4_100,
        "Riel for one dollar where no exchange rate of the day is on record",
        whole(1, 1_000_000),
        obeyed=True,
    ),
    Default("lending", "auto_assign_tasks", False, "Whether a task is given to somebody at once", FLAG, obeyed=True),
    Default(
        "engagement",
        "webhook_kept_days",
        30,
        "For how many days calls that other systems took stay on the list",
        whole(1, 3_650),
        obeyed=True,
    ),
)
"""All of them are public: they are for the web app to show, and no secret. How the server runs stands in its
environment; what the house lends by can be adjusted here."""

KNOWN: Final = {default.key: default for default in DEFAULTS}


def kind_of(key: str) -> Kind:
    """What a setting may hold; an unknown setting holds anything."""
    return KNOWN[key].kind if key in KNOWN else ANYTHING
