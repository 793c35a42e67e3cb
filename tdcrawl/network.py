"""Where on the network a crawl may go: to web servers that everybody can reach, and into nobody's private network."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

SCHEMES = {"http": 80, "https": 443}
"""The schemes of the web, each with the port that it means."""
_NAT64 = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Network:
    """Say where a crawl may go: to which ports, and whether to this machine itself, on any port."""

    ports: frozenset[int]
    loopback: bool = False

    def refusal(self, url: str) -> str | None:
        """Say why an address may not be asked for, as far as it tells by itself; None where it may."""
        try:
            parts = urlsplit(url)
            port, host = parts.port or SCHEMES.get(parts.scheme), parts.hostname
        except ValueError as error:
            return f"it is no web address: {error}"
        if parts.scheme not in SCHEMES or not host:
            return f"{parts.scheme or 'nothing'} is no scheme of the web"
        literal = _literal("127.0.0.1" if host == "localhost" else host)
        if literal and (why := self.refusal_of(literal)):
            return why
        if port in self.ports or (self.loopback and literal and _within(literal).is_loopback):
            return None
        return f"port {port} is none of TDCRAWL_ALLOWED_PORTS"

    def refusal_of(self, address: Address) -> str | None:
        """Say why an IP address may not be connected to; None where it may."""
        within = _within(address)
        if within.is_loopback:
            return (
                None if self.loopback else f"{address} is this machine itself, which TDCRAWL_ALLOW_LOOPBACK=true allows"
            )
        return None if within.is_global and not within.is_multicast else f"{address} is in no public network"

    def refusal_of_all(self, addresses: Iterable[str]) -> str | None:
        """Say why a name may not be connected to that stands for these IP addresses; None where it may."""
        return next(filter(None, (self.refusal_of(ip_address(one.partition("%")[0])) for one in addresses)), None)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _within(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(address, IPv4Address):
        return address
    translated = IPv4Address(address.packed[12:]) if address in _NAT64 else None
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or translated or address
