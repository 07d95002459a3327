"""A URL as the guard reads it: one strict form, so that no two readers can take it for different places. Pure."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network

from reminders.egress.addresses import Address, Network, is_reachable
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
# What a resolver might read as an IPv4 address in one of its old forms: 127.1, 2130706433, 0x7f.1, 017700000001.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What the guard allows: by default https on 443 and 8443 to public addresses."""

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] | None = frozenset({443, 8443})  # None: any
    networks: tuple[Network, ...] = ()  # besides the public ones

    @classmethod
    def parse(cls, allow: str) -> "Permissions":
        """The default and what EGRESS_ALLOW adds: `http`, `port:NUMBER`, `port:*` or a network, separated by blanks or
        commas."""
        schemes, ports, networks = {"https"}, {443, 8443}, []
        words = allow.replace(",", " ").split()
        for word in words:
            if word == "http":
                schemes.add(word)
            elif word.startswith("port:"):
                ports.update(_ports(word))
            else:
                networks.append(_network(word))
        any_port = "port:*" in words
        return cls(schemes=frozenset(schemes), ports=None if any_port else frozenset(ports), networks=tuple(networks))


def _ports(word: str) -> set[int]:
    text = word.removeprefix("port:")
    if text == "*":
        return set()
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII) or int(text) > _MAX_PORT:
        raise ValueError(f"EGRESS_ALLOW: {word} is not port:NUMBER or port:*")
    return {int(text)}


def _network(word: str) -> Network:
    try:
        return ip_network(word)
    except ValueError:
        raise ValueError(f"EGRESS_ALLOW: {word} is neither http, port:NUMBER, port:* nor a network") from None


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
    if port > _MAX_PORT or not (permissions.ports is None or port in permissions.ports):
        raise EgressRefused(host, "this port is not allowed")
    if address is not None and not is_reachable(address, permissions.networks):
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
