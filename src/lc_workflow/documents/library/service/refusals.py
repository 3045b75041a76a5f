"""What the library refuses."""

from lc_workflow.kernel.errors import Busy, Forbidden, Invalid, Missing


class PapersClosed(Invalid):
    """The papers of this application are no longer added to or taken from, at least not by this person."""


class NotYourFile(Forbidden):
    """The file was uploaded by somebody else."""


class FileIdTaken(Invalid):
    """The id a client made for its file is that of another one."""


class BelongsToAnother(Invalid):
    """The file is the picture of something else, and goes only with that."""


class ReplacedMeanwhile(Invalid):
    """Another version stands in the place of this paper."""


class ApplicationFull(Invalid):
    """The papers of this application take all the room they may."""


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
    """A folder would lie in itself, or in one that lies in it."""


class FolderTooDeep(Invalid):
    """Folders lie in one another too deeply."""
