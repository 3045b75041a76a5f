"""Counts what a run of schemathesis sent as one role, and how it was answered."""

import json
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

UNSIGNED = {"TokenMissing", "TokenInvalid"}
"""Refusals of requests that some checks send without a token, or with one that is none."""


@dataclass(slots=True)
class Sent:
    """Cases by the class of their answer; those answered with 401 are counted in none."""

    classes: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    unsigned: int = 0
    """Were refused for lack of a token."""

    refused: Counter[str] = field(default_factory=Counter)
    """Other answers of 401, by their code: of wrong passwords, say, or of a session that ended."""

    failures: int = 0

    @property
    def signed(self) -> int:
        """Cases that were answered otherwise than with 401."""
        return self.classes.total()

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(
            self.classes + other.classes,
            self.phases + other.phases,
            self.unsigned + other.unsigned,
            self.refused + other.refused,
            self.failures + other.failures,
        )

    def __str__(self) -> str:
        classes = ", ".join(f"{count} {name}" for name, count in sorted(self.classes.items()))
        phases = ", ".join(f"{count} {name}" for name, count in self.phases.items())
        refused = "".join(f", {count} {name}" for name, count in sorted(self.refused.items()))
        return (
            f"{self.signed:6} cases ({classes}; {phases}), {self.unsigned} without a token{refused};"
            f" {self.failures} kinds of failure"
        )


def counted(report: Path, failures: int) -> Sent:
    """Read the report (NDJSON) of one run."""
    sent = Sent(failures=failures)
    with report.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            for case in scenario["recorder"].get("interactions", {}).values() if scenario else ():
                _count(sent, scenario["phase"], case["response"])
    return sent


def _count(sent: Sent, phase: str, response: dict[str, object] | None) -> None:
    status = response["status_code"] if response else None
    if not isinstance(status, int):
        sent.classes["unanswered"] += 1
    elif status == HTTPStatus.UNAUTHORIZED:
        code = _code(response)
        if code in UNSIGNED:
            sent.unsigned += 1
        else:
            sent.refused[code] += 1
        return
    else:
        sent.classes[f"{status // 100}xx"] += 1
    sent.phases[phase] += 1


def _code(response: dict[str, object] | None) -> str:
    content = response and response["content"]
    return str(json.loads(b64decode(content["$base64"]))["code"]) if isinstance(content, dict) else "no code"
