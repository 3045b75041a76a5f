"""Lets `python -m lc_workflow.cli` be a command."""

from lc_workflow.cli import house

if __name__ == "__main__":
    house(prog_name="house")
