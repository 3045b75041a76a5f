"""Who may do what with kinds of papers: everyone who sees folders reads them."""

from typing import Final

READ: Final = "folder:read"
UPDATE: Final = "document_type:update"
