"""The laboratory's table: what is tried on the guarded client, and what has to come of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.lab.flood import floods
from tests.lab.servers import Act, Moment, answers, answers_early, drips, hangs_up, pours, says, sips, waits

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
METADATA = "169.254.169.254"
OK = answers("200 OK", body="fine")
PATIENT_SECONDS = 10.0  # a deadline that no stall of the machine reaches
LOOPBACK = "http port:* 127.0.0.0/8"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is tried. By default: https://hook.example/, a public address, a good certificate, a good
    answer."""

    name: str
    expected: str  # refused, failed, unknown, or the status of the answer
    url: str = "https://hook.example/x?y=z"
    dns: Sequence[Sequence[str] | str] = ((PUBLIC,),)  # the answer to each look-up in turn; "never" or "nothing"
    act: Act = OK
    moment: Moment = "asked"  # when the server acts
    certificate: str = "good"
    dead: frozenset[str] = frozenset()  # addresses that refuse connections
    silent: frozenset[str] = frozenset()  # addresses that do not even refuse them
    allow: str = ""
    connects: Sequence[str] = ()  # the addresses that may be connected to, in this order
    payload: int = 10  # bytes of the request's body
    seconds: float = PATIENT_SECONDS  # fewer where the deadline is what ends it
    because: str = ""  # a part of what the failure says


def _refused(name: str, url: str, allow: str = "") -> Case:
    return Case(name=f"{name}: {url!r}", expected="refused", url=url, dns=("nothing",), allow=allow)


def _led_to(name: str, *addresses: str, allow: str = "") -> Case:
    """Not refused for good: names change."""
    because = "its name leads to an address that is not allowed"
    return Case(name=f"name that leads to {name}", expected="failed", dns=(addresses,), because=because, allow=allow)


def _answered(name: str, expected: str, act: Act, **more: object) -> Case:
    return Case(name=name, expected=expected, act=act, connects=(PUBLIC,), **more)  # type: ignore[arg-type]


FORMS = [
    _refused("plain http", "http://hook.example/"),
    _refused("another scheme", "ftp://hook.example/"),
    _refused("another scheme", "file:///etc/passwd"),
    _refused("no scheme", "//hook.example/"),
    _refused("no host", "https:///x"),
    _refused("nothing", ""),
    _refused("another port", "https://hook.example:22/"),
    _refused("port 0", "https://hook.example:0/"),
    _refused("port past the end", "https://hook.example:65536/", "port:*"),
    _refused("port that wraps to 443", "https://hook.example:65979/", "port:*"),
    _refused("empty port", "https://hook.example:/"),
    _refused("port in circled digits", "https://hook.example:④④③/"),
    _refused("user and password", "https://user:secret@hook.example/"),
    _refused("user that looks like a host", "https://hook.example@127.0.0.1/"),
    _refused("host behind a fragment", "https://hook.example#@127.0.0.1/"),
    _refused("fragment", "https://hook.example/#x"),
    _refused("backslash for slash", "https:/\\127.0.0.1/"),
    _refused("backslash before @", "https://hook.example\\@127.0.0.1/"),
    _refused("tab", "https://hook.exam\tple/"),
    _refused("line break in the path", "https://hook.example/x\r\nHost: a"),
    _refused("line break at the end", "https://hook.example/\n"),
    _refused("blank", "https://hook.example/a b"),
    _refused("NUL", "https://hook.example/\0"),
    _refused("half an escape", "https://hook.example/%4"),
    _refused("escaped host", "https://%31%32%37.0.0.1/"),
    _refused("international host", "https://hook.exämple/"),
    _refused("circled digits", "https://①②⑦.⓪.⓪.①/"),
    _refused("wide digits", "https://１２７.0.0.1/"),
    _refused("ideographic dots", "https://127。0。0。1/"),
    _refused("trailing dot", "https://hook.example./"),
    _refused("empty label", "https://hook..example/"),
    _refused("label too long", f"https://{'a' * 64}.example/"),
    _refused("underscore in the host", "https://a_b.example/"),
    _refused("brackets in the query", "https://hook.example/?x[]=1"),
    _refused("URL too long", f"https://hook.example/{'a' * 2_048}"),
]

NUMBERS = [
    _refused("short IPv4", "https://127.1/"),
    _refused("hexadecimal IPv4", "https://0x7f.1/"),
    _refused("hexadecimal IPv4", "https://0x7f000001/"),
    _refused("decimal IPv4", "https://2130706433/"),
    _refused("octal IPv4", "https://017700000001/"),
    _refused("octal IPv4", "https://0177.0.0.1/"),
    _refused("IPv4 with a dot behind", "https://127.0.0.1./"),
    _refused("IPv4 too large", "https://256.256.256.256/"),
    _refused("IPv6 with a zone", "https://[fe80::1%25eth0]/"),
    _refused("IPv6 unfinished", "https://[::1/"),
    _refused("IPv4 in brackets", "https://[127.0.0.1]/"),
]

ADDRESSES = [
    _refused(f"address {name}", f"https://{address}/")
    for name, address in [
        ("loopback", "127.0.0.1"),
        ("this network", "0.0.0.0"),
        ("private", "10.0.0.1"),
        ("private", "172.31.255.255"),
        ("private", "192.168.1.1"),
        ("shared", "100.64.0.1"),
        ("metadata", METADATA),
        ("protocol assignments", "192.0.0.1"),
        ("documentation", "192.0.2.1"),
        ("relay of 6to4", "192.88.99.1"),
        ("benchmarking", "198.18.0.1"),
        ("of Azure's machines", "168.63.129.16"),
        ("multicast", "224.0.0.1"),
        ("reserved", "240.0.0.1"),
        ("broadcast", "255.255.255.255"),
        ("loopback", "[::1]"),
        ("unspecified", "[::]"),
        ("IPv4-mapped loopback", "[::ffff:7f00:1]"),
        ("IPv4-mapped metadata", "[::ffff:169.254.169.254]"),
        ("IPv4-compatible loopback", "[::7f00:1]"),
        ("IPv4-translated loopback", "[::ffff:0:7f00:1]"),
        ("NAT64 of the metadata", "[64:ff9b::a9fe:a9fe]"),
        ("local NAT64 of the metadata", "[64:ff9b:1::a9fe:a9fe]"),
        ("6to4 of the metadata", "[2002:a9fe:a9fe::1]"),
        ("Teredo", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]"),
        ("unique local metadata", "[fd00:ec2::254]"),
        ("link-local", "[fe80::1]"),
        ("site-local", "[fec0::1]"),
        ("multicast", "[ff02::1]"),
        ("discard", "[100::1]"),
        ("documentation", "[2001:db8::1]"),
        ("documentation", "[3fff::1]"),
    ]
]

# The metadata address in each form of IPv6 that can hold it.
WRAPPED = {
    "mapped": "::ffff:a9fe:a9fe",
    "compatible": "::a9fe:a9fe",
    "translated": "::ffff:0:a9fe:a9fe",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::a9fe:a9fe",
    "6to4": "2002:a9fe:a9fe::1",
    "Teredo": "2001:0:a9fe:a9fe:8000:63bf:5601:5601",
}
_ALL = "http port:* 0.0.0.0/0 ::/0 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32"

ALLOWED_ALL = [
    *[_refused(f"everything allowed, {name} metadata", f"http://[{form}]/", _ALL) for name, form in WRAPPED.items()],
    *[_led_to(f"{name} metadata, everything allowed", form, allow=_ALL) for name, form in WRAPPED.items()],
    _refused("everything allowed, metadata", f"http://{METADATA}/", _ALL),
    _refused("everything allowed, metadata of IPv6", "http://[fd00:ec2::254]/", _ALL),
    _refused("everything allowed, Azure's machines", "http://168.63.129.16/", _ALL),
    _refused("everything allowed, mapped loopback", "http://[::ffff:127.0.0.1]/", _ALL),
]

_SIX = tuple(f"93.184.215.{number}" for number in range(1, 7))

NAMES = [
    _led_to("loopback", "127.0.0.1"),
    _led_to("the metadata", METADATA),
    _led_to("the metadata of IPv6", "fd00:ec2::254"),
    _led_to("NAT64 of the metadata", "64:ff9b::a9fe:a9fe"),
    _led_to("6to4 of the metadata", "2002:a9fe:a9fe::"),
    _led_to("IPv4-mapped loopback", "::ffff:127.0.0.1"),
    _led_to("an address with a zone", "fe80::1%eth0"),
    _led_to("a public and a private address", PUBLIC, "10.0.0.1"),
    _led_to("a public and, in IPv6, a private address", PUBLIC, "fd12::1"),
    Case(name="name that moves to loopback", expected="200", dns=((PUBLIC,), ("127.0.0.1",)), connects=(PUBLIC,)),
    Case(name="name that moves from loopback", expected="failed", dns=(("127.0.0.1",), (PUBLIC,)), because="not allowed"),
    Case(name="name that does not exist", expected="failed", because="does not resolve", dns=("nothing",)),
    Case(name="name without an address", expected="failed", because="no address", dns=((),)),
    Case(name="name server that never answers", expected="failed", because="not resolved in time", dns=("never",), seconds=1.0),
    Case(
        name="first of two addresses is dead",
        expected="200",
        dns=((OTHER_PUBLIC, PUBLIC),),
        dead=frozenset({OTHER_PUBLIC}),
        connects=(OTHER_PUBLIC, PUBLIC),
    ),
    Case(
        name="first of two addresses is silent",
        expected="200",
        dns=((OTHER_PUBLIC, PUBLIC),),
        silent=frozenset({OTHER_PUBLIC}),
        connects=(OTHER_PUBLIC, PUBLIC),
    ),
    Case(name="six addresses, all dead", expected="failed", dns=(_SIX,), dead=frozenset(_SIX), connects=_SIX[:4]),
    Case(name="connection that hangs", expected="failed", because="TimeoutError", silent=frozenset({PUBLIC}), connects=(PUBLIC,), seconds=1.0),
    Case(name="name that leads to no address at all", expected="failed", because="not an address", dns=(("fine",),)),
    Case(name="nobody listens", expected="failed", dead=frozenset({PUBLIC}), connects=(PUBLIC,)),
    Case(name="upper-case name", expected="200", url="HTTPS://HOOK.Example/", connects=(PUBLIC,)),
    Case(name="port 8443", expected="200", url="https://hook.example:8443/", connects=(PUBLIC,)),
    Case(name="public address", expected="200", url=f"https://{PUBLIC}/", certificate="address", connects=(PUBLIC,)),
    Case(name="loopback allowed, http", expected="200", url="http://127.0.0.1:8000/", allow=LOOPBACK, connects=("127.0.0.1",)),
    _refused("loopback allowed, private not", "http://10.0.0.1:8000/", LOOPBACK),
    _refused("the metadata is never allowed", f"http://{METADATA}/", "http port:* 0.0.0.0/0"),
]  # fmt: skip

TLS = [
    Case(name="certificate for another name", expected="failed", because="Hostname mismatch", certificate="other", connects=(PUBLIC,)),
    Case(name="certificate for the address only", expected="failed", because="Hostname mismatch", certificate="address", connects=(PUBLIC,)),
    Case(name="expired certificate", expected="failed", because="has expired", certificate="expired", connects=(PUBLIC,)),
    Case(name="certificate of a stranger", expected="failed", because="unable to get local issuer", certificate="stranger", connects=(PUBLIC,)),
    Case(name="no TLS at all", expected="failed", act=says("HTTP/1.1 200 OK\r\n\r\n"), moment="connected", connects=(PUBLIC,)),
    Case(name="handshake that never begins", expected="failed", because="TimeoutError", act=waits, moment="connected", connects=(PUBLIC,), seconds=1.0),
    Case(name="handshake that drips", expected="failed", because="TimeoutError", act=drips("\x16\x03\x03\x40\x00", "\x02"), moment="connected", connects=(PUBLIC,), seconds=1.0),
    Case(name="handshake that is hung up on", expected="failed", act=hangs_up, moment="connected", connects=(PUBLIC,)),
    Case(name="certificate without end", expected="failed", because="TooMuch", certificate="long", connects=(PUBLIC,)),
    Case(name="session tickets without end", expected="unknown", because="TooMuch", act=floods, certificate="flood", connects=(PUBLIC,)),
]  # fmt: skip

_HEAD = "HTTP/1.1 200 OK\r\n"

ANSWERS = [
    _answered("200", "200", OK),
    _answered("204", "204", says("HTTP/1.1 204 No Content\r\n\r\n")),
    _answered("500", "500", answers("500 Oops")),
    _answered(
        "redirect to the metadata", "302", answers("302 Found", f"Location: http://{METADATA}/latest/meta-data/")
    ),
    _answered("redirect to loopback", "307", answers("307 Temporary Redirect", "Location: https://127.0.0.1/")),
    _answered("redirect to itself", "308", answers("308 Permanent Redirect", "Location: https://hook.example/")),
    _answered("refresh to the metadata", "200", answers("200 OK", f"Refresh: 0; url=http://{METADATA}/")),
    _answered("cookies", "200", answers("200 OK", "Set-Cookie: a=b")),
    _answered("early hints first", "200", says("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _HEAD + "\r\n")),
    _answered("continue, for ever", "unknown", pours("", "HTTP/1.1 100 Continue\r\n\r\n")),
    _answered("a byte at a time, status", "unknown", drips("", "H"), seconds=1.0),
    _answered("a byte at a time, header", "unknown", drips(f"{_HEAD}X: ", "x"), seconds=1.0),
    _answered("a byte at a time, body", "200", drips(f"{_HEAD}Content-Length: 1000\r\n\r\n", "x"), seconds=1.0),
    _answered(
        "a byte at a time, chunks",
        "200",
        drips(f"{_HEAD}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        seconds=1.0,
    ),
    _answered("endless body", "200", pours(f"{_HEAD}\r\n", "x" * 65_536)),
    _answered("endless body with a length", "200", pours(f"{_HEAD}Content-Length: 99999999999\r\n\r\n", "x" * 65_536)),
    _answered("endless chunks", "200", pours(f"{_HEAD}Transfer-Encoding: chunked\r\n\r\n", f"800\r\n{'x' * 2048}\r\n")),
    _answered("one huge header", "unknown", pours(f"{_HEAD}X: ", "x" * 65_536)),
    _answered("a huge header with an end", "unknown", answers("200 OK", f"X: {'x' * 60_000}")),
    _answered("endless headers", "unknown", pours(_HEAD, "X: x\r\n" * 1_000)),
    _answered("endless status line", "unknown", pours("HTTP/1.1 200 ", "O" * 65_536)),
    _answered("gzip, not unpacked", "200", answers("200 OK", "Content-Encoding: gzip", body="not gzip")),
    _answered("malformed header", "200", says(f"{_HEAD}no colon here\r\nContent-Length: 0\r\n\r\n")),
    _answered("length that is none", "200", says(f"{_HEAD}Content-Length: -5\r\n\r\nfine")),
    _answered("chunk size that is none", "200", says(f"{_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n")),
    _answered("two answers in one", "200", says(f"{_HEAD}Content-Length: 0\r\n\r\nHTTP/1.1 410 Gone\r\n\r\n")),
    _answered("switching protocols", "101", says("HTTP/1.1 101 Switching Protocols\r\n\r\n")),
    _answered("status without a reason", "200", says("HTTP/1.1 200\r\n\r\n")),
    _answered("status with a sign", "unknown", says("HTTP/1.1 +200 OK\r\n\r\n")),
    _answered("status with an underscore", "unknown", says("HTTP/1.1 2_00 OK\r\n\r\n")),
    _answered("status of no class", "unknown", says("HTTP/1.1 999 Who Knows\r\n\r\n")),
    _answered("status of two digits", "unknown", says("HTTP/1.1 20 OK\r\n\r\n")),
    _answered("HTTP/1.9", "unknown", says("HTTP/1.9 200 OK\r\n\r\n")),
    _answered("never answers", "unknown", waits, seconds=1.0),
    _answered("hangs up unanswered", "unknown", hangs_up),
    _answered("hangs up in the headers", "unknown", says("HTTP/1.1 20")),
    _answered("hangs up in the body", "200", says(f"{_HEAD}Content-Length: 100\r\n\r\nfine")),
    _answered("HTTP/0.9", "unknown", says("fine")),
    _answered("not HTTP", "unknown", says("SSH-2.0-OpenSSH_9.6\r\n")),
    _answered("binary noise", "unknown", says(bytes(range(256)) * 64)),
    _answered("reads nothing of a large message", "unknown", waits, moment="secured", payload=20_000_000, seconds=1.0),
    _answered(
        "reads little of a large message",
        "unknown",
        sips(1_000, 0.1),
        moment="secured",
        payload=20_000_000,
        seconds=1.0,
    ),
    _answered("reads a large message slowly", "200", sips(16_384, 0.01), moment="secured", payload=4_000_000),
    _answered("answers early and hangs up", "413", answers_early("413 Too Much"), moment="secured", payload=20_000_000),
    Case(
        name="answers early and hangs up, no TLS",
        expected="413",
        url="http://127.0.0.1:8000/",
        allow=LOOPBACK,
        act=answers_early("413 Too Much"),
        moment="secured",
        payload=20_000_000,
        connects=("127.0.0.1",),
    ),
]

CASES = [*FORMS, *NUMBERS, *ADDRESSES, *ALLOWED_ALL, *NAMES, *TLS, *ANSWERS]
