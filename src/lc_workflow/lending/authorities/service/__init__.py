"""The verbs of authority: giving it, and handing it on for a while."""

from lc_workflow.lending.authorities.service.delegating import DelegationService, NamedDelegation
from lc_workflow.lending.authorities.service.giving import AuthorityService, Named

__all__ = ["AuthorityService", "DelegationService", "Named", "NamedDelegation"]
