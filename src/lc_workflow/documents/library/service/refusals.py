"""What the library refuses."""

from lc_workflow.kernel.errors import Busy, Forbidden, Invalid, Missing


class PapersClosed(Invalid):
    """Papers of this application can no longer be added or removed, at least not by this person."""


class NotYourFile(Forbidden):
    """The file was uploaded by somebody else."""


class FileIdTaken(Invalid):
    """The id a client made for its file is that of another one."""


class BelongsToAnother(Invalid):
    """The file is the picture of something else, and is only removed with that."""


class ReplacedMeanwhile(Invalid):
    """Another version has replaced this paper."""


class ApplicationFull(Invalid):
    """The papers of this application would exceed its quota."""


class StillArriving(Busy):
    """The same file is being taken in by another request."""

    def __init__(self) -> None:
        super().__init__("This file is just being taken in; ask again in a moment.")


class NoPreview(Missing):
    """There is no small picture of this file, and there will be none."""


class PreviewNotReady(Busy):
    """The small pictures of this file are still being made."""


class NotYourFolder(Forbidden):
    """The folder was made by somebody else."""


class FolderElsewhere(Invalid):
    """The folder belongs to another application."""


class FolderNotEmpty(Invalid):
    """There are files or folders in it."""


class FolderNameTaken(Invalid):
    """Another folder in the same place has this name."""


class FolderInItself(Invalid):
    """A folder would be inside itself, or inside a folder within it."""


class FolderTooDeep(Invalid):
    """Folders are nested too deeply."""
