"""Settings as rows, and those an installation begins with."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow

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


@dataclass(frozen=True, slots=True)
class Default:
    """A setting as an installation begins with it; `value` is None where only the institution knows."""

    category: str
    key: str
    value: str | bool | int | None
    description: str


DEFAULTS: Final = (
    Default("general", "app_name", "LC Workflow", "Name of the application"),
    Default("general", "company_name", None, "Name of the institution"),
    Default("general", "company_name_khmer", None, "Name of the institution in Khmer"),
    Default("general", "company_address", None, "Address of the head office"),
    Default("general", "company_phone", None, "Telephone number of the head office"),
    Default("general", "company_email", None, "E-mail address of the head office"),
    Default("general", "default_language", "km", "Language of the web app: km or en"),
    Default("general", "timezone", "Asia/Phnom_Penh", "Time zone of the branches"),
    Default("general", "date_format", "DD/MM/YYYY", "How the web app writes dates"),
    Default("general", "default_currency", "USD", "Currency of a new application: USD or KHR"),
    Default(THEME, "theme_mode", "light", "Appearance: light, dark or system"),
    Default(THEME, "primary_color", "#1d4ed8", "Colour of buttons and links"),
    Default(THEME, "accent_color", "#0f766e", "Colour of highlights"),
    Default(THEME, "logo_url", None, "Address of the logo"),
    Default("lending", "approval_valid_days", 30, "For how many days an approval may be used before it expires"),
    Default("lending", "khr_per_usd", 4_100, "Riel for one dollar where no exchange rate of the day is on record"),
)
"""All of them are public: they are for the web app to show, and no secret. How the server runs stands in its
environment; what the house lends by can be adjusted here."""
