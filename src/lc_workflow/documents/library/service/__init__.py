"""The verbs of the library: taking files in and filing them, handing them out, taking them away; and the folders."""

from lc_workflow.documents.library.service.files import FileService
from lc_workflow.documents.library.service.folders import FolderService
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS, PreviewSize
from lc_workflow.documents.library.service.reading import LINK_LIFETIME
from lc_workflow.documents.library.service.refusals import (
    ApplicationFull,
    BelongsToAnother,
    FileIdTaken,
    FolderElsewhere,
    FolderNameTaken,
    FolderNotEmpty,
    FolderTooDeep,
    NotYourFile,
    NotYourFolder,
    PapersClosed,
    ReplacedMeanwhile,
    StillArriving,
)
from lc_workflow.documents.library.service.removal import clear_away, put_aside, removal_of
from lc_workflow.documents.library.service.showing import PictureLinks

__all__ = [
    "LINK_LIFETIME",
    "MAKE_PREVIEWS",
    "ApplicationFull",
    "BelongsToAnother",
    "FileIdTaken",
    "FileService",
    "FolderElsewhere",
    "FolderNameTaken",
    "FolderNotEmpty",
    "FolderService",
    "FolderTooDeep",
    "NotYourFile",
    "NotYourFolder",
    "PapersClosed",
    "PictureLinks",
    "PreviewSize",
    "ReplacedMeanwhile",
    "StillArriving",
    "clear_away",
    "put_aside",
    "removal_of",
]
