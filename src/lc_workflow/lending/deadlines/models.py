"""How long stages may take, as rows."""

from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import choice


class StageDeadline(DatedRow):
    """How many working minutes a stage may take in this institution; without a row `rules.tasks` says it."""

    __tablename__ = "stage_deadlines"

    stage: Mapped[Stage] = mapped_column(choice(Stage), unique=True)
    minutes: Mapped[int]
