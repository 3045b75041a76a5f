"""What documents contributes: its routes, facts and refusals."""

from litestar.di import Provide

from lc_workflow.documents.deliveries.controllers import ArrivalController, DeliveryController
from lc_workflow.documents.deliveries.jobs import CLEAR_DELIVERIES
from lc_workflow.documents.events import (
    DocumentTypeChanged,
    FileOpened,
    FilePurged,
    FileRemoved,
    FileRestored,
    FileStored,
    FolderMade,
    FolderRemoved,
    FolderRenamed,
    SelfieJudged,
)
from lc_workflow.documents.kinds.controllers import PaperKindController
from lc_workflow.documents.kinds.service import DocumentTypeTaken
from lc_workflow.documents.library.controllers import (
    ContentController,
    FileController,
    FolderController,
    UploadController,
    open_files,
)
from lc_workflow.documents.library.jobs import PURGE_FILES
from lc_workflow.documents.library.service import MAKE_PREVIEWS, FolderNameTaken, StillArriving
from lc_workflow.documents.selfies.controllers import CaptureController, SelfieController
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(
        PaperKindController,
        FileController,
        ContentController,
        FolderController,
        DeliveryController,
        SelfieController,
    ),
    uploads=(UploadController, ArrivalController, CaptureController),
    events=(
        FileStored,
        FileOpened,
        FileRemoved,
        FileRestored,
        FilePurged,
        FolderMade,
        FolderRenamed,
        FolderRemoved,
        SelfieJudged,
        DocumentTypeChanged,
    ),
    dependencies={"files": Provide(open_files, sync_to_thread=False)},
    jobs=(CLEAR_DELIVERIES, PURGE_FILES, MAKE_PREVIEWS),
    refusals={
        "pk_files": StillArriving,
        "uq_document_types_code": DocumentTypeTaken,
        "uq_folders_application_id_parent_id_name": lambda: FolderNameTaken(
            "There is a folder of this name already; choose another name."
        ),
    },
)
