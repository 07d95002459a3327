"""Which addresses a user-supplied URL may lead to: those of the public internet, and what the settings add. Pure."""

from collections.abc import Iterator, Sequence
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
    "fd00:100::100:200/128",  # Alibaba
    "fd00:42::42/128",  # Scaleway
    "fd00:a9fe:a9fe::1/128",  # Akamai
    "fd00:c1::a9fe:a9fe/128",  # Oracle
    "fd20:ce::254/128",  # Google
)
# Of these the IPv4 addresses that something answers at: a gateway of a network's own may take them out of any IPv6
# address that holds them (RFC 6052). The whole of 169.254.0.0/16 would also be found where it is not meant.
_NEVER_WITHIN = frozenset(
    map(
        IPv4Address,
        (
            "169.254.169.254",  # nearly everybody
            "169.254.169.253",  # AWS, names
            "169.254.170.2",  # AWS, containers
            "169.254.170.23",  # AWS, pods
            "169.254.169.250",  # Rancher
            "169.254.42.42",  # Scaleway
            "169.254.0.23",  # Tencent
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
        ),
    )
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
    return not is_denied(address) and (is_in(address, allowed) or _is_public(address))


def is_denied(address: Address) -> bool:
    """Whether no setting lets a connection to this address be made."""
    if is_in(address, _NEVER):
        return True
    if not isinstance(address, IPv6Address):
        return False
    if address.scope_id is not None or (is_in(address, _WRAPPED) and not is_in(address, _PLAIN)):
        return True
    return any(held in _NEVER_WITHIN for held in _held(address))


def _held(address: IPv6Address) -> Iterator[IPv4Address]:
    """What a gateway may read as the IPv4 address within, for each length that its prefix may have (RFC 6052)."""
    octets = address.packed
    for prefix_octets in (4, 5, 6, 7, 8, 12):
        rest = octets[prefix_octets:] if prefix_octets > 8 else octets[prefix_octets:8] + octets[9:]
        yield IPv4Address(rest[:4])


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not is_in(address, _SPECIAL)


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
