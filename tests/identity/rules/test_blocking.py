"""Which addresses may be shut out, and that nobody shuts themselves out."""

import pytest

from lc_workflow.identity.rules.blocking import NetworkTooWide, NotAnAddress, OwnAddress, check_not_own, network_of


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.7/24 ", "203.0.113.0/24"),
        ("203.0.0.0/16", "203.0.0.0/16"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_an_address_or_a_network_that_is_no_country_is_blocked(written: str, network: str) -> None:
    assert str(network_of(written)) == network


@pytest.mark.parametrize("written", ["203.0.0.0/15", "2001:db8::/31", "0.0.0.0/0", "::/0"])
def test_a_network_that_would_shut_out_a_country_is_not(written: str) -> None:
    with pytest.raises(NetworkTooWide):
        network_of(written)


@pytest.mark.parametrize("written", ["", "branch.example", "203.0.113", "203.0.113.7/33", "203.0.113.7-9"])
def test_what_is_no_address_is_not_either(written: str) -> None:
    with pytest.raises(NotAnAddress):
        network_of(written)


def test_nobody_shuts_themselves_out() -> None:
    network = network_of("203.0.113.0/24")
    for inside in ("203.0.113.0", "203.0.113.255"):
        with pytest.raises(OwnAddress):
            check_not_own(network, inside)
    for outside in ("203.0.112.255", "203.0.114.0", "2001:db8::7", "unknown", None):
        check_not_own(network, outside)
