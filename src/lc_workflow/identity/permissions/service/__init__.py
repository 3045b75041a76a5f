"""The verbs of rights and roles."""

from lc_workflow.identity.permissions.service.rights import PermissionService, PermissionTaken, rights_by_id
from lc_workflow.identity.permissions.service.roles import RoleNameTaken, RoleService, check_may_shape

__all__ = ["PermissionService", "PermissionTaken", "RoleNameTaken", "RoleService", "check_may_shape", "rights_by_id"]
