"""How papers are filed."""

from typing import Final

FOLDER_OF_OTHERS: Final = "Supporting Documents"
"""Where a paper is filed that says no kind which the house knows."""
