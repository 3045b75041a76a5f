"""The one engine: what keeps people from a step, and the moves themselves."""

from lc_workflow.lending.workflow.service.moving import WorkflowService

__all__ = ["WorkflowService"]
