"""The paths of the enumerations that forms offer."""

from collections.abc import Mapping, Sequence

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.manifest import Choice
from lc_workflow.platform.security.guards import signed_in

Enumerations = NamedDependency[SkipValidation[Mapping[str, Sequence[Choice]]]]
"""Everything the contexts publish, by name."""


class EnumerationController(Controller):
    """Enumerations: the choices of the forms, with labels in English and Khmer."""

    path = "/api/v1/enums"
    tags = ("Enumerations",)

    @get("/all", guards=[signed_in])
    async def everything(self, enumerations: Enumerations) -> Mapping[str, Sequence[Choice]]:
        """List all enumerations by name."""
        return enumerations

    @get("/{name:str}", guards=[signed_in])
    async def one(self, name: FromPath[str], enumerations: Enumerations) -> Sequence[Choice]:
        """List the choices of one enumeration, such as `product-types`."""
        if name not in enumerations:
            raise Missing(f"There is no such enumeration; there are {', '.join(sorted(enumerations))}.")
        return enumerations[name]
