"""Which addresses a user-supplied URL may lead to: those of the public internet, and what the settings add. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


# IANA's special-purpose registry. `is_global` alone lets multicast, 6to4's relays and some of IPv6's wrappings pass.
_SPECIAL = _networks(
    "0.0.0.0/8",  # this network, and unspecified
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # shared, carrier-grade NAT
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local, the metadata service
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # relays of 6to4
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarking
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
    "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4, which holds an IPv4 address
    "3fff::/20",  # documentation
)
# In IPv6 only this is assigned as global unicast. Outside of it lie loopback, unspecified, link-local, site-local,
# unique local, multicast, NAT64 (64:ff9b::/96, 64:ff9b:1::/48) and the mapped, translated and compatible forms of IPv4.
_UNICAST = IPv6Network("2000::/3")
# Where clouds keep credentials: no setting opens these.
_NEVER = _networks(
    "169.254.0.0/16",  # link-local, where most do
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure, for its machines alone although it is public
    "192.0.0.192/32",  # Oracle
    "fe80::/10",  # link-local
    "fd00:ec2::/32",  # AWS
    "fd20:ce::254/128",  # Google
)
# Forms of IPv6 that hold an IPv4 address, to which a kernel, a tunnel or a gateway may take them. No setting opens
# these either: to allow an IPv4 network, name it; an IPv6 one, such as ::/0, does not mean what is wrapped in it.
_WRAPPED = _networks(
    "::/96",  # compatible
    "::ffff:0:0/96",  # mapped
    "::ffff:0:0:0/96",  # translated
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",  # NAT64 of a network's own
    "2001::/32",  # Teredo
    "2002::/16",  # 6to4
)
_PLAIN = _networks("::/128", "::1/128")  # unspecified and loopback, which lie among the compatible


def is_reachable(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the guard lets a connection to this address be made."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    if _is_in(address, _NEVER) or (_is_in(address, _WRAPPED) and not _is_in(address, _PLAIN)):
        return False
    return _is_in(address, allowed) or _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not _is_in(address, _SPECIAL)


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
