"""`.env.production` lists exactly what is read, explains each, and works once the secrets are filled in."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from lc_workflow.platform.config import Settings
from lc_workflow.platform.workbench import read_variables
from tests.deploy.files import ROOT

ENV_PRODUCTION = ROOT / ".env.production"
NEEDED = {
    "DATABASE_URL": "postgresql://lender:s3cr3t@db.example:5432/loans",
    "SECRET_KEY": "thirty-two characters, or some more",
}
STORE = {"MINIO_ENDPOINT": "minio:9000", "MINIO_ACCESS_KEY": "branch", "MINIO_SECRET_KEY": "vault"}


class Recorder(Mapping[str, str]):
    """Variables that remember who was asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


def test_env_production_lists_exactly_the_names_that_are_read() -> None:
    variables = Recorder({**NEEDED, **STORE})
    Settings.from_environ(variables)
    assert set(read_variables(ENV_PRODUCTION)) == variables.asked


def test_env_production_holds_no_secret_and_explains_each_name() -> None:
    lines = ENV_PRODUCTION.read_text().splitlines()
    for before, line in pairwise(lines):
        if not line.startswith("#") and line:
            name, _, value = line.partition("=")
            assert before.startswith("# "), f"{name} is not explained"
            assert not value or not name.endswith(("_KEY", "_URL", "_KEYS")), f"{name} has a value"


def test_env_production_loads_once_the_secrets_are_filled_in_and_says_the_defaults() -> None:
    from_file = Settings.from_environ({**read_variables(ENV_PRODUCTION), **NEEDED})
    assert from_file == Settings.from_environ(NEEDED)
