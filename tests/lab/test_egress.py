"""The guarded client: the laboratory's cases, and what its table does not show."""

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from reminders.egress import Egress, EgressFailed, EgressRefused, connection, sockets
from tests.authority import Authority
from tests.lab.bench import Result, run_all, server_side
from tests.lab.cases import CASES, PUBLIC, Case
from tests.lab.servers import Act, Seen, answers, says, serving


@pytest.fixture(scope="module")
def laboratory(request: pytest.FixtureRequest) -> tuple[dict[str, Result], list[Any]]:
    """What came of all cases that the session looks at, and where this process has really connected to."""
    results, connected = run_all(looked_at(request.session.items))
    return {result.case.name: result for result in results}, connected


def looked_at(items: Sequence[Any]) -> Sequence[Case]:
    """All cases, unless only tests of single cases were asked for."""
    users = [item for item in items if "laboratory" in item.fixturenames]
    cases = [item.callspec.params["case"] for item in users if hasattr(item, "callspec")]
    return cases if len(cases) == len(users) else CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_guard_does_what_the_laboratory_expects(
    laboratory: tuple[dict[str, Result], list[Any]], case: Case
) -> None:
    """The outcome, the addresses, one look-up, one request at most, and an end by the deadline."""
    assert laboratory[0][case.name].complaints == []


def test_nothing_but_the_laboratory_was_connected_to(laboratory: tuple[dict[str, Result], list[Any]]) -> None:
    """Of all real connections of the interpreter none leaves for a denied address."""
    results, connected = laboratory
    assert len(results) >= 60
    assert [address for result in results.values() for address in result.denied] == []
    assert connected
    assert {address[0] for address in connected} == {"127.0.0.1"}


def test_no_failure_says_more_than_the_host(laboratory: tuple[dict[str, Result], list[Any]]) -> None:
    """Path, query and password of a URL are in no text that a failure carries."""
    texts = [result.text for result in laboratory[0].values()]
    assert any("hook.example" in text for text in texts)
    assert [text for text in texts if "y=z" in text or "secret" in text or "/x" in text] == []


# One exchange, seen from the server


@pytest.fixture
def hook(tmp_path: Path) -> Any:
    """Starts a server for hook.example that does as it is told, and a client to which public addresses lead there."""
    with ExitStack() as stack:
        authority = Authority(tmp_path)
        context = server_side(authority.sign("hook.example"))

        def start(act: Act, resolve: Callable[[str, int], Sequence[str]] = lambda *_: [PUBLIC]) -> tuple[Egress, Seen]:
            seen = Seen()
            port = stack.enter_context(serving(act, "asked", context, seen))
            dial: sockets.Dial = lambda _, __, seconds: sockets.dial("127.0.0.1", port, seconds)  # noqa: E731
            return Egress(ca_file=authority.ca_file, resolve=resolve, dial=dial), seen

        yield start


def post(egress: Egress, url: str = "https://hook.example/x?y=z", seconds: float = 5.0) -> int:
    return egress.exchange("POST", url, headers={"x-lab": "1"}, body=b"{}", seconds=seconds).status


def test_the_request_names_the_host_and_the_path(hook: Any) -> None:
    """Host, path with query, headers and body arrive as they were given; there are no credentials and no cookies."""
    egress, seen = hook(answers("200 OK", "Set-Cookie: a=b"))
    assert [post(egress), post(egress, "https://hook.example:8443")] == [200, 200]
    first, second = (request.decode() for request in seen.requests)
    assert first.startswith("POST /x?y=z HTTP/1.1\r\nHost: hook.example\r\n")
    assert first.endswith("x-lab: 1\r\n\r\n{}")
    assert second.startswith("POST / HTTP/1.1\r\nHost: hook.example:8443\r\n")
    assert not re.search(r"(?im)^(cookie|authorization|proxy-.*):", first + second)


def test_the_proxies_of_the_environment_are_not_used(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, and see everything."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        egress, _ = hook(answers("200 OK"))
        assert post(egress) == 200
        proxy.settimeout(0.1)
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_a_netrc_is_not_read(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of the machine's user are nobody's."""
    (tmp_path / ".netrc").write_text("machine hook.example login a password b", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    egress, seen = hook(answers("200 OK"))
    post(egress)
    assert b"uthorization" not in seen.requests[0]


def test_a_name_is_resolved_once_an_exchange(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver is asked once, however the connection is made, and asked anew by the next exchange."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = PUBLIC if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    egress, _ = hook(answers("200 OK"), sockets.look_up)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert post(egress) == 200
    assert asked == ["hook.example"]
    with pytest.raises(EgressFailed, match="not allowed"):
        post(egress)
    assert asked == ["hook.example"] * 2


def test_the_systems_resolver_leads_nobody_to_loopback() -> None:
    """`localhost`, as this machine resolves it, is refused."""
    with pytest.raises(EgressFailed, match="localhost: its name leads to"):
        post(Egress(), "https://localhost/")


def test_the_system_authorities_are_trusted_and_ours_is_not(hook: Any) -> None:
    """Without a file of authorities, a certificate of the tests' own is worth nothing."""
    egress, seen = hook(answers("200 OK"))
    with pytest.raises(EgressFailed, match="certificate is refused"):
        post(Egress(resolve=egress._resolve, dial=egress._dial))
    assert seen.requests == []


def test_nothing_is_logged(hook: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not even where urllib3 would warn about malformed headers, with the URL."""
    caplog.set_level(logging.DEBUG)
    egress, _ = hook(says("HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n"))
    assert post(egress) == 200
    assert caplog.text == ""


def test_many_exchanges_at_once_leave_nothing_open(hook: Any) -> None:
    """Threads share a client, and each exchange closes what it has opened."""
    egress, seen = hook(answers("200 OK", body="fine"))
    post(egress)
    before = opened()
    threads = [threading.Thread(target=post, args=(egress,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen.requests) == 21
    until = time.monotonic() + 20.0
    while opened() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert opened() <= before


def opened() -> int:
    """How much this process has open; 0 where the system does not say."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_look_ups_that_hang_are_not_added_to_for_ever() -> None:
    """When sixty-four hang, further exchanges fail at once, and leave no thread behind."""
    over, hanging = threading.Event(), []

    def hang(*_: Any) -> list[str]:
        hanging.append(1)
        over.wait(60.0)
        return [PUBLIC]

    egress = Egress(resolve=hang)
    with ThreadPoolExecutor(16) as pool:
        while len(hanging) < 64:
            list(pool.map(lambda _: failure_of(egress, 0.05), range(16)))
        failures = set(pool.map(lambda _: failure_of(egress, 20.0), range(100)))
    over.set()
    assert failures == {"hook.example: too many look-ups of names hang"}
    assert len(hanging) == 64


def failure_of(egress: Egress, seconds: float) -> str:
    with pytest.raises(EgressFailed) as failed:
        post(egress, seconds=seconds)
    return str(failed.value)


@pytest.mark.parametrize("found", [["fine"], ["1.2.3.4%eth0"], [b"\x01\x02\x03\x04"], [None], [""]])
def test_a_resolver_that_says_nonsense_is_a_failed_attempt(found: Any) -> None:
    """Nothing is connected, and it may go better another time."""
    with pytest.raises(EgressFailed, match="something that is not an address"):
        post(Egress(resolve=lambda *_: found))


def test_the_time_begins_with_the_exchange(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the system's authorities, which the first exchange does, is within its deadline."""
    egress, seen = hook(answers("200 OK"))
    trust, over = connection.trust, threading.Event()
    monkeypatch.setattr(connection, "trust", lambda file: (over.wait(0.2), trust(file))[1])
    with pytest.raises(EgressFailed, match="not resolved in time"):
        post(egress, seconds=0.1)
    assert seen.connections == 0


# Settings


@pytest.mark.parametrize(
    "allow",
    ["ftp", "port:", "port:x", "port:0", "port:65536", "port:70000", "10.0.0.1/8", "localhost", "10.0.0.0/33", "*",
     "10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:*", "10.0.0.1/8:443", "[fd00::/8]", "fd00::/8:443", "[10.0.0.0/8:443", "[fd00::1/8]:443", ":443", "[]:443"],
)  # fmt: skip
def test_a_permission_that_makes_no_sense_does_not_start(allow: str) -> None:
    """EGRESS_ALLOW is refused when the client is made."""
    with pytest.raises(ValueError, match="EGRESS_ALLOW"):
        Egress(allow)


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("", "https://8.8.8.8"),
        ("", "https://[2606:4700::1111]:8443/"),
        ("port:9000", "https://8.8.8.8:9000/"),
        ("http", "http://8.8.8.8:443/"),
        ("http, port:80", "http://8.8.8.8/"),
        ("10.1.0.0/16", "https://10.1.2.3/"),
        ("10.1.0.0/16", "https://8.8.8.8/"),
        ("fd12::/16 port:*", "https://[fd12::1]:65535/"),
        ("::1/128", "https://[0:0:0:0:0:0:0:1]/"),
        ("::/0", "https://[::1]/"),
        ("port:65535", "https://8.8.8.8:65535/"),
        ("10.1.0.0/16:9443", "https://10.1.2.3:9443/"),
        ("10.1.2.3:9443", "https://10.1.2.3:9443/"),
        ("[fd12::/16]:9443", "https://[fd12::1]:9443/"),
        ("[FD12::1]:9443", "https://[fd12::1]:9443/"),
        ("http 10.1.0.0/16:80", "http://10.1.2.3/"),
        ("10.1.0.0/16:9443", "https://ten.example:9443/"),
        ("10.1.0.0/16:9443", "https://8.8.8.8/"),
        ("8.8.8.0/24:9443", "https://8.8.8.8:9443/"),
        ("10.1.0.0/16:9443 10.0.0.0/8", "https://10.1.2.3/"),
        ("fd00::/8", "https://[fd00:c1::a9fe:a9fc]/"),
        ("fd00::/8", "https://[fd00:42::43]/"),
        ("fd00::/8", "https://[fd00:7::a9fe:1]/"),
    ],
)
def test_permissions_add_to_what_is_allowed(allow: str, url: str) -> None:
    """Schemes, ports and networks are opened one by one."""
    Egress(allow).check(url)


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.1.0.0/16", "https://10.2.0.1/"),
        ("10.1.0.0/16", "http://10.1.2.3/"),
        ("10.1.0.0/16", "https://10.1.2.3:9000/"),
        ("127.0.0.0/8", "https://[::ffff:127.0.0.1]/"),
        ("0.0.0.0/0 ::/0", "https://169.254.169.254/"),
        ("0.0.0.0/0 ::/0", "https://[fd00:ec2::254]/"),
        ("0.0.0.0/0 ::/0", "https://[fe80::1]/"),
        ("0.0.0.0/0 ::/0", "https://168.63.129.16/"),
        ("0.0.0.0/0 ::/0", "https://[::ffff:169.254.169.254]/"),
        ("0.0.0.0/0 ::/0", "https://[64:ff9b::808:808]/"),
        ("::/0", "https://[::ffff:10.0.0.1]/"),
        ("::ffff:0:0/96", "https://[::ffff:10.0.0.1]/"),
        ("::/96", "https://[::2]/"),
        ("port:*", "https://127.0.0.1/"),
        ("http port:*", "http://[::1]/"),
        ("10.1.0.0/16:9443", "https://10.2.0.1:9443/"),
        ("10.1.0.0/16:9443", "https://10.1.2.3/"),
        ("10.1.0.0/16:9443", "https://10.1.2.3:9444/"),
        ("10.1.0.0/16:9443", "https://8.8.8.8:9443/"),
        ("10.1.0.0/16:9443 10.2.0.0/16", "https://10.2.0.1:9443/"),
        ("10.1.0.0/16:9443 fd00::/8", "https://[fd00::1]:9443/"),
        ("[fd12::/16]:9443", "https://[fd12::1]/"),
        ("10.1.0.0/16:80", "http://10.1.2.3/"),
    ],
)
def test_a_permission_opens_nothing_else(allow: str, url: str) -> None:
    """One permission does not imply another, and none opens where clouds keep credentials."""
    with pytest.raises(EgressRefused):
        Egress(allow).check(url)


METADATA = (
    "169.254.169.254", "169.254.170.2", "169.254.42.42", "169.254.0.23", "100.100.100.200", "168.63.129.16", "192.0.0.192",
)  # fmt: skip
METADATA_V6 = (
    "fd00:ec2::254", "fd00:ec2::23", "fd00:c1::a9fe:a9fe", "fd00:a9fe:a9fe::1", "fd00:42::42", "fd00:100::100:200",
    "fd20:ce::254", "fe80::a9fe:a9fe",
)  # fmt: skip


def wrappings(text: str) -> list[str]:
    """All forms of IPv6 in which a kernel, a tunnel or a gateway finds this IPv4 address."""
    octets = IPv4Address(text).packed
    high, low = octets[:2].hex(), octets[2:].hex()
    fixed = [f"::ffff:{high}:{low}", f"::{high}:{low}", f"::ffff:0:{high}:{low}", f"2002:{high}:{low}::1"]
    fixed += [f"64:ff9b::{high}:{low}", f"64:ff9b:1::{high}:{low}"]
    # RFC 6052, under a prefix of a network's own: 32, 40, 48, 56, 64 and 96 bits, with a gap in the ninth octet
    own = bytes.fromhex("fd12345678abcd0123456789")
    for length in (4, 5, 6, 7, 8):
        filled = own[:length] + octets
        packed = filled[:8] + b"\0" + filled[8:]
        fixed.append(str(IPv6Address(packed.ljust(16, b"\0"))))
    return [*fixed, str(IPv6Address(own + octets))]


@pytest.mark.parametrize("address", [*METADATA, *METADATA_V6, *(form for each in METADATA for form in wrappings(each))])
@pytest.mark.parametrize("by_name", [False, True])
def test_no_permission_opens_where_clouds_keep_credentials(address: str, by_name: bool) -> None:
    """In whatever form, as a URL or behind a name, and however much EGRESS_ALLOW allows."""
    everything = "http port:* 0.0.0.0/0 ::/0 0.0.0.0/0:80 [::/0]:80"
    exactly = f"{address}/32 {address}:443" if "." in address else f"{address}/128 [{address}]:443"
    host = f"[{address}]" if ":" in address else address
    for allow in (everything, exactly, f"{everything} {exactly}"):
        egress = Egress(allow, resolve=lambda *_: [address], dial=no_dial)
        with pytest.raises(EgressFailed if by_name else EgressRefused, match="address"):
            post(egress, "https://meta.example/" if by_name else f"https://{host}/")


def no_dial(*_: Any) -> socket.socket:
    raise AssertionError("it was connected")


@pytest.mark.parametrize(("address", "reaches"), [("10.1.2.3", True), ("10.2.0.1", False), ("8.8.8.8", False)])
def test_a_name_may_lead_to_a_network_at_its_port_only(address: str, reaches: bool) -> None:
    """With a network and a port allowed together, the port is open for that network alone."""
    dialled: list[str] = []

    def dial(host: str, port: int, seconds: float) -> socket.socket:
        dialled.append(f"{host}:{port}")
        raise OSError

    with pytest.raises(EgressFailed, match="cannot be connected to" if reaches else "not allowed"):
        post(Egress("10.1.0.0/16:9443", resolve=lambda *_: [address], dial=dial), "https://in.example:9443/")
    assert dialled == ([f"{address}:9443"] if reaches else [])
