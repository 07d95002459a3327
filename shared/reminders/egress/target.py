"""A URL as the guard reads it: one strict form, so that no two readers can take it for different places. Pure."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import NamedTuple

from reminders.egress.addresses import Address, Network, is_denied, is_in, is_reachable
from reminders.egress.failures import EgressRefused

_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_URL = 2_048
_MAX_NAME = 253
_MAX_PORT = 65_535

# RFC 3986 without user, fragment and percent-encoded hosts, in ASCII: an international name comes in its xn-- form.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9.-]+))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?"
    r"(?P<query>\?(?:[a-z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*)?",
    re.ASCII | re.IGNORECASE,
)
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# Of EGRESS_ALLOW: a network and a port together.
_PLACE = re.compile(r"(?:(?P<v4>[0-9./]+)|\[(?P<v6>[0-9a-fA-F:./]+)\]):(?P<port>[^:]*)", re.ASCII)
# What a resolver might read as an IPv4 address in one of its old forms: 127.1, 2130706433, 0x7f.1, 017700000001.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)


class Place(NamedTuple):
    """A network at one port."""

    network: Network
    port: int


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What the guard allows: by default https on 443 and 8443 to public addresses."""

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] | None = frozenset({443, 8443})  # None: any
    networks: tuple[Network, ...] = ()  # besides the public ones
    places: tuple[Place, ...] = ()  # networks at one port, which is open nowhere else for that

    def may_reach(self, address: Address, port: int) -> bool:
        """Whether a connection to this address and port may be made."""
        if any(place.port == port and is_in(address, (place.network,)) for place in self.places):
            return not is_denied(address)
        return self._is_open(port) and is_reachable(address, self.networks)

    def may_use(self, port: int) -> bool:
        """Whether a connection to this port may be made, if it leads to the right address."""
        return self._is_open(port) or any(place.port == port for place in self.places)

    def _is_open(self, port: int) -> bool:
        return self.ports is None or port in self.ports

    @classmethod
    def parse(cls, allow: str) -> "Permissions":
        """The default and what EGRESS_ALLOW adds: `http`, `port:NUMBER`, `port:*`, a network, or a network at one port
        as in `10.1.0.0/16:9443` and `[fd00::/8]:9443`, separated by blanks or commas."""
        schemes, ports, networks, places = {"https"}, {443, 8443}, [], []
        words = allow.replace(",", " ").split()
        for word in words:
            if word == "http":
                schemes.add(word)
            elif word.startswith("port:"):
                ports.update(_ports(word))
            elif match := _PLACE.fullmatch(word):
                places.append(Place(_network(match["v4"] or match["v6"], word), _port(match["port"], word)))
            else:
                networks.append(_network(word, word))
        return cls(
            schemes=frozenset(schemes),
            ports=None if "port:*" in words else frozenset(ports),
            networks=tuple(networks),
            places=tuple(places),
        )


def _ports(word: str) -> set[int]:
    text = word.removeprefix("port:")
    if text == "*":
        return set()
    return {_port(text, word)}


def _port(text: str, word: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII) or int(text) > _MAX_PORT:
        raise ValueError(f"EGRESS_ALLOW: the port of {word} is neither a number from 1 to {_MAX_PORT} nor, alone, *")
    return int(text)


def _network(text: str, word: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(
            f"EGRESS_ALLOW: {word} is neither http, port:NUMBER, port:*, a network nor a network at one port"
        ) from None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a request goes. `address` is there when the URL names one instead of a host."""

    scheme: str
    host: str
    port: int
    path: str  # with the query
    address: Address | None


def target_of(url: str, permissions: Permissions) -> Target:
    """The target of a URL; EgressRefused when the guard does not let it through, whatever its name resolves to."""
    match = _URL.fullmatch(url) if len(url) <= _MAX_URL else None
    if match is None:
        raise EgressRefused("", "not a plain https URL: no user, no fragment, ASCII only, at most 2,048 characters")
    scheme = match["scheme"].lower()
    host, address = _host(match)
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if scheme not in permissions.schemes:
        raise EgressRefused(host, "only https is allowed")
    if port > _MAX_PORT or not permissions.may_use(port):
        raise EgressRefused(host, "this port is not allowed")
    if address is not None and not permissions.may_reach(address, port):
        raise EgressRefused(host, "this address is not allowed")
    path = (match["path"] or "/") + (match["query"] or "")
    return Target(scheme=scheme, host=host, port=port, path=path, address=address)


def _host(match: re.Match[str]) -> tuple[str, Address | None]:
    try:
        if match["v6"]:
            v6 = IPv6Address(match["v6"])
            return str(v6), v6
        name = match["name"].lower()
        if _NUMERIC.fullmatch(name):
            v4 = IPv4Address(name)
            return str(v4), v4
    except AddressValueError:
        raise EgressRefused("", "the host is not an address in its usual form") from None
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise EgressRefused("", "the host is not a name")
    return name, None
