"""Handing approved loans over to be paid out, and confirming that they were."""
