"""The verbs of tasks."""

from lc_workflow.lending.tasks.service.watching import WatchService
from lc_workflow.lending.tasks.service.work import TaskService

__all__ = ["TaskService", "WatchService"]
