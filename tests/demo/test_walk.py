"""`make demo` walks one loan through a running server, as often as it is asked to."""

import socket

import pytest
from click.testing import CliRunner, Result

from lc_workflow.cli import house
from lc_workflow.demo import STEPS


def walk(url: str, **environ: str) -> Result:
    return CliRunner(env=environ).invoke(house, ["demo", url])


@pytest.mark.parametrize("time", ["once", "and again"])
def test_a_loan_is_walked_from_the_first_notes_to_the_decision(demo_server: str, time: str) -> None:
    result = walk(demo_server)
    assert result.exit_code == 0, f"{time}: {result.output}"
    *steps, total = result.output.splitlines()
    assert len(steps) == len(STEPS)
    assert all(" ms  " in step for step in steps)
    assert total.endswith("ms in all.")
    assert "permissions; of applications: create, delete, process, read, update\n" in result.output
    assert "APPROVED, 2,400.00 of 2,500.00 USD" in result.output
    assert "submit by Chandara Sok, start by Leakhena Kim, send_to_review by Leakhena Kim" in result.output


def test_the_customer_of_the_walk_comes_back(demo_server: str) -> None:
    walk(demo_server)
    numbers = [
        int(line.partition("loan number ")[2].split()[0])
        for line in walk(demo_server).output.splitlines()
        if "loan number" in line
    ]
    assert numbers[0] > 1


def test_another_password_is_said_with_what_would_help(demo_server: str) -> None:
    result = walk(demo_server, DEMO_PASSWORD="not the one")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The officer signs in: POST /api/v1/auth/login was answered with 401: ")
    assert "DEMO_PASSWORD" in result.output


def test_silence_is_said_with_what_would_help() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        result = walk(f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert result.exit_code == 1
    assert "make run" in result.output
    assert "Traceback" not in result.output
