"""The OpenTelemetry variables: where traces go, and what its SDK reads by itself."""

import re
from typing import Final

from lc_workflow.platform.variables import BadSetting, Variables, fits

SAMPLERS: Final = frozenset(
    prefix + kind for prefix in ("", "parentbased_") for kind in ("always_on", "always_off", "traceidratio")
)
"""How the SDK can choose what is traced."""

COMPRESSIONS: Final = frozenset({"none", "gzip", "deflate"})
"""How the SDK can compress what it sends."""

_HEADER: Final = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+\s*=[ !#-+\--:<-\[\]-~]*")
"""One header, as the SDK reads it."""


def traces_url(read: Variables) -> str | None:
    """Read where traces go, with the names and the rules of the standard: the second name is the whole address."""
    collector, whole = read.optional("OTEL_EXPORTER_OTLP_ENDPOINT"), read.optional("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not (url := whole or (collector and f"{collector.rstrip('/')}/v1/traces")):
        return None
    if not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", url) or not fits(url):
        name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" if whole else "OTEL_EXPORTER_OTLP_ENDPOINT"
        raise BadSetting(f"{name} must look like http://collector.example:4318.")
    _refuse_other_following(read)
    for prefix in ("OTEL_EXPORTER_OTLP", "OTEL_EXPORTER_OTLP_TRACES"):
        _refuse_other_telling(read, prefix)
    return url


def _refuse_other_following(read: Variables) -> None:
    """Refuse sampler settings that the SDK, which reads them itself, would replace with a warning."""
    sampler = read.choice("OTEL_TRACES_SAMPLER", SAMPLERS, default="parentbased_always_on")
    if sampler.endswith("traceidratio"):
        read.share("OTEL_TRACES_SAMPLER_ARG")
    queue = read.number("OTEL_BSP_MAX_QUEUE_SIZE", default=2048, least=1)
    read.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", default=512, least=1, most=queue)
    read.number("OTEL_BSP_SCHEDULE_DELAY", default=5_000, least=1)
    read.number("OTEL_BSP_EXPORT_TIMEOUT", default=30_000, least=1)
    if not all(re.fullmatch(r"[^=]+=.*", pair) for pair in read.names("OTEL_RESOURCE_ATTRIBUTES")):
        raise BadSetting(
            "OTEL_RESOURCE_ATTRIBUTES must be pairs like deployment.environment=test, with commas between."
        )


def _refuse_other_telling(read: Variables, prefix: str) -> None:
    """The same for exporter settings; of a bad header the SDK's warning would log the content."""
    if not all(map(_HEADER.fullmatch, read.names(f"{prefix}_HEADERS"))):
        raise BadSetting(f"{prefix}_HEADERS must be pairs like api-key=…, separated by commas.")
    read.choice(f"{prefix}_COMPRESSION", COMPRESSIONS, default="none")
    read.seconds(f"{prefix}_TIMEOUT", default=10)
    read.certificates(f"{prefix}_CERTIFICATE")
