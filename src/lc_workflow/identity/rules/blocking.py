"""Which addresses may be blocked."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from lc_workflow.kernel.errors import FieldError, Invalid

Network: TypeAlias = IPv4Network | IPv6Network

WIDEST: Final = {4: 16, 6: 32}
"""The fewest bits a network must have: a wider one would block whole countries."""


class NotAnAddress(Invalid):
    """This is neither an address nor a network."""


class NetworkTooWide(Invalid):
    """The network has too many addresses to be blocked together."""


class OwnAddress(Invalid):
    """Blocking this would shut out the person who blocks it."""


def network_of(written: str) -> Network:
    """Read an address (`203.0.113.7`) or a network of them (`203.0.113.0/24`).

    Raises:
        NotAnAddress: It is neither.
        NetworkTooWide: It holds more addresses than are blocked together.
    """
    try:
        network = ip_network(written.strip(), strict=False)
    except ValueError:
        said = "must be an address like 203.0.113.7 or a network like 203.0.113.0/24"
        raise NotAnAddress(f"The address {said}.", errors=(FieldError("address", said),)) from None
    if network.prefixlen < (fewest := WIDEST[network.version]):
        said = f"must name at least {fewest} bits of the network"
        raise NetworkTooWide(f"The address {said}.", errors=(FieldError("address", said),))
    return network


def check_not_own(network: Network, own: str | None) -> None:
    """Refuse to block the person's own address.

    Raises:
        OwnAddress: The request came from there.
    """
    try:
        inside = own is not None and ip_address(own) in network
    except ValueError:
        inside = False
    if inside:
        raise OwnAddress("Your own request comes from there; you would shut yourself out.")
