"""What documents contributes: its routes, facts and refusals."""

from lc_workflow.documents.deliveries.controllers import (
    ArrivalController,
    ContentController,
    DeliveryController,
    PartController,
    ShownController,
)
from lc_workflow.documents.deliveries.jobs import CLEAR_DELIVERIES
from lc_workflow.documents.events import (
    DocumentTypeChanged,
    FileChecked,
    FileOpened,
    FilePurged,
    FileRemoved,
    FileReplaced,
    FileRestored,
    FileSeenElsewhere,
    FileStored,
    FolderMade,
    FolderMoved,
    FolderRemoved,
    FolderRenamed,
    SelfieJudged,
)
from lc_workflow.documents.kinds.controllers import PaperKindController
from lc_workflow.documents.kinds.service import DocumentTypeTaken
from lc_workflow.documents.library.controllers import (
    FileController,
    FolderController,
    UploadController,
    VersionController,
    open_files,
    open_picture_links,
)
from lc_workflow.documents.library.jobs import PURGE_FILES
from lc_workflow.documents.library.service import MAKE_PREVIEWS, FolderNameTaken, ReplacedMeanwhile, StillArriving
from lc_workflow.documents.selfies.controllers import CaptureController, SelfieController
from lc_workflow.platform.http.provide import Provider
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(
        PaperKindController,
        FileController,
        ContentController,
        ShownController,
        FolderController,
        DeliveryController,
        PartController,
        SelfieController,
    ),
    uploads=(UploadController, VersionController, ArrivalController, CaptureController),
    events=(
        FileStored,
        FileOpened,
        FileRemoved,
        FileRestored,
        FilePurged,
        FileReplaced,
        FileSeenElsewhere,
        FileChecked,
        FolderMade,
        FolderRenamed,
        FolderMoved,
        FolderRemoved,
        SelfieJudged,
        DocumentTypeChanged,
    ),
    dependencies={"files": Provider(open_files), "picture_links": Provider(open_picture_links)},
    jobs=(CLEAR_DELIVERIES, PURGE_FILES, MAKE_PREVIEWS),
    refusals={
        "pk_files": StillArriving,
        "uq_files_replaces_id": lambda: ReplacedMeanwhile("There is a newer version of this paper; replace that one."),
        "uq_document_types_code": DocumentTypeTaken,
        "uq_folders_application_id_parent_id_name": lambda: FolderNameTaken(
            "There is a folder of this name already; choose another name."
        ),
    },
)
