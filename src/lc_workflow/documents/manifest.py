"""What documents contributes: its routes, facts and refusals."""

from lc_workflow.documents.events import FileOpened, FileRemoved, FileStored, FolderMade, FolderRemoved, FolderRenamed
from lc_workflow.documents.library.controllers import (
    ContentController,
    FileController,
    FolderController,
    UploadController,
)
from lc_workflow.documents.library.service import FolderNameTaken
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(FileController, ContentController, FolderController),
    uploads=(UploadController,),
    events=(FileStored, FileOpened, FileRemoved, FolderMade, FolderRenamed, FolderRemoved),
    refusals={
        "uq_folders_application_id_parent_id_name": lambda: FolderNameTaken(
            "There is a folder of this name already; choose another name."
        )
    },
)
