"""Sends all that the API's description allows and forbids, as each role, with every check of schemathesis."""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx

from bench.fuzz_counting import Sent, counted
from bench.installation import PASSWORD, planted, served_on_a_copy
from bench.run import ROOT
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.embedded import PostgresServer

PATIENCE = "60"
"""Seconds for one answer; the machine may be busy with other things."""


def fuzz(address: str, database: str, name: str, *, options: list[str], report: Path, share: str) -> Sent:
    """Fuzz as one account; answers what was sent and how many kinds of failure were found."""
    found = subprocess.run(
        [
            *(str(ROOT / ".venv/bin/st"), "--config-file", str(ROOT / "bench/schemathesis.toml")),
            *("run", str(report.with_name("openapi.json")), "--url", address, "--request-timeout", PATIENCE),
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
            "FUZZ_SHARE": share,
        },
        cwd=report.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    report.with_suffix(".txt").write_text(found.stdout + found.stderr)
    ended = re.search(r"[\d,]+ generated(?:, [\d,]+ found ([\d,]+) unique)?", found.stdout)
    if ended is None:
        raise RuntimeError(found.stdout[-3000:] + found.stderr[-3000:])
    return counted(report, found.returncode and int((ended[1] or "1").replace(",", "")))


def as_role(role: Role, server: PostgresServer, papers: Path, place: Path, *, options: list[str], shares: int) -> Sent:
    """Fuzz as one role on a copy of its own, and say what was sent."""
    began = time.monotonic()
    with served_on_a_copy(server, papers, f"as_{role}", ACCESS_TOKEN_EXPIRE_MINUTES="600") as (address, database):
        document = httpx.get(f"{address}/schema/openapi.json", timeout=float(PATIENCE))
        report = place / role / "sent.ndjson"
        report.parent.mkdir()
        (report.with_name("openapi.json")).write_bytes(document.raise_for_status().content)
        share = f"{list(Role).index(role) % shares}/{shares}"
        sent = fuzz(address, database, role, options=options, report=report, share=share)
    print(f"{role:17} {sent}, {time.monotonic() - began:.0f} s", flush=True)
    return sent


def main() -> None:
    roles = [Role(name) for name in os.environ.get("ROLES", "").split()] or list(Role)
    options = ["--max-examples", os.environ.get("EXAMPLES") or "12", *os.environ.get("ONLY", "").split()]
    shares = int(os.environ.get("SHARES") or 1)
    place = Path(tempfile.mkdtemp(prefix="lc-workflow-fuzz-"))
    commit = subprocess.check_output(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True).strip()
    print(f"{commit}: {' '.join(options)}, {shares} shares, reports in {place}", flush=True)
    with planted() as (server, papers), ThreadPoolExecutor(int(os.environ.get("JOBS") or 1)) as pool:
        each = partial(as_role, server=server, papers=papers, place=place, options=options, shares=shares)
        sent = sum(pool.map(each, roles), Sent())
    print(f"{'together':17} {sent}")
    sys.exit(sent.failures > 0)


if __name__ == "__main__":
    main()
