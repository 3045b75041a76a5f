"""The matrix of the test vectors, in the words of our documents."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "approval_matrix.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = VECTORS["cases"]
SCOPES = {"branch": "branch", "region": "region", "org": "organisation"}


def document() -> dict[str, Any]:
    """Write the matrix of the vectors as a request would."""
    matrix = VECTORS["matrix"]
    return {
        "base_currency": matrix["base_currency"],
        "basis": "exposure",
        "needs_limit": True,
        "rules": [
            {
                "priority": rule["priority"],
                "when": _when(rule["when"]),
                "stages": [_stage(stage) for stage in rule["stages"]],
            }
            for rule in matrix["rules"]
        ],
        "surcharges": [
            {"stage": _stage(extra["add_stage"]), "place": extra["position"]} for extra in matrix["surcharges"]
        ],
    }


def looked_up(case: dict[str, Any]) -> dict[str, Any]:
    """Write a case of the vectors as a loan to look up."""
    return {
        "amount": float(case["amount"]),
        "currency": case["currency"],
        "risk": case["risk"].lower(),
        "exposure": float(case["existing_exposure_usd"]),
        "exceptions": case["policy_exceptions"],
        "khr_per_usd": float(VECTORS["fx_khr_per_usd"]),
    }


def _when(when: dict[str, Any]) -> dict[str, Any]:
    bounds = {"max_amount": float(when["max_amount"])} if "max_amount" in when else {}
    return bounds | {"risks": [risk.lower() for risk in when.get("risk", [])]}


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": stage["stage"],
        "role": stage["role"],
        "scope": SCOPES[stage["scope"]],
        "quorum": stage["quorum"],
    }
