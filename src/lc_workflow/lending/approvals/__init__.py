"""Approvals: the decisions on an application, stage by stage."""
