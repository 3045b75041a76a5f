"""What development is given that nobody has set."""

from pathlib import Path

from lc_workflow.platform.config import Settings
from lc_workflow.platform.workbench import with_everything

SET = {"DATABASE_URL": "postgresql://a@127.0.0.1/loans", "REDIS_URL": "redis://127.0.0.1", "SECRET_KEY": "k" * 40}


def test_the_web_app_may_call_from_where_it_is_developed(tmp_path: Path) -> None:
    with with_everything(environ := {**SET}, tmp_path):
        settings = Settings.from_environ(environ)
    assert settings.cors_origins == ("http://localhost:3000", "http://127.0.0.1:3000")


def test_whoever_names_origins_has_those_alone(tmp_path: Path) -> None:
    with with_everything(environ := {**SET, "CORS_ORIGINS": "http://localhost:5173"}, tmp_path):
        assert Settings.from_environ(environ).cors_origins == ("http://localhost:5173",)
