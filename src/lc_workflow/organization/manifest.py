"""What the organization contributes: its routes, facts and refusals."""

from lc_workflow.organization.branches.controllers import BranchController
from lc_workflow.organization.branches.service import BranchCodeTaken
from lc_workflow.organization.events import BranchChanged, BranchClosed, BranchOpened
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(BranchController,),
    events=(BranchOpened, BranchChanged, BranchClosed),
    refusals={"uq_branches_code": lambda: BranchCodeTaken("Another branch already has this code.")},
)
