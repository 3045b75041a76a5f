"""Sends all that the API's description allows and forbids, as each role, with every check of schemathesis."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.installation import PASSWORD, planted_and_served
from bench.run import ROOT
from lc_workflow.identity.rules.roles import Role


def fuzz(address: str, database: str, name: str, *, options: list[str], report: Path) -> tuple[int, int]:
    """Fuzz as one account; answers how many cases were sent and how many kinds of failure were found."""
    found = subprocess.run(
        [
            *(str(ROOT / ".venv/bin/st"), "--config-file", str(ROOT / "bench/schemathesis.toml")),
            *("run", f"{address}/schema/openapi.json", "--url", address),
            *("--report", "ndjson", "--report-ndjson-path", str(report), *options),
        ],
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "bench.fuzz_signing_in",
            "PYTHONPATH": str(ROOT),
            "FUZZ_ADDRESS": address,
            "FUZZ_DATABASE": database,
            "FUZZ_NAME": name,
            "FUZZ_PASSWORD": PASSWORD,
        },
        cwd=report.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    report.with_suffix(".txt").write_text(found.stdout + found.stderr)
    counted = re.search(r"([\d,]+) generated(?:, [\d,]+ found ([\d,]+) unique)?", found.stdout)
    if counted is None:
        sys.exit(found.stdout[-3000:] + found.stderr[-3000:])
    return int(counted[1].replace(",", "")), found.returncode and int((counted[2] or "1").replace(",", ""))


def main() -> None:
    roles = os.environ.get("ROLES", "").split() or [role.value for role in reversed(Role)]
    options = ["--max-examples", os.environ.get("EXAMPLES") or "12", *os.environ.get("ONLY", "").split()]
    place = Path(tempfile.mkdtemp(prefix="lc-workflow-fuzz-"))
    sent = failures = 0
    with planted_and_served(ACCESS_TOKEN_EXPIRE_MINUTES="600") as (address, database):
        for role in roles:
            began = time.monotonic()
            cases, wrong = fuzz(address, database, role, options=options, report=place / f"{role}.ndjson")
            print(f"{role:8} {cases:7} cases, {wrong} kinds of failure, {time.monotonic() - began:.0f} s", flush=True)
            sent, failures = sent + cases, failures + wrong
    print(json.dumps({"cases": sent, "failures": failures, "reports": str(place)}))
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
