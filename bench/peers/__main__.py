"""`make bench-peers`: this engine and other job queues, doing the same work in the same run on the same server."""

import argparse
import json
import os
import statistics
import sys
from collections import defaultdict

from bench import engine, ground, peers
from reminders.engine.limits import BATCH

BUSY_LOAD = 1.0  # processes that wanted a core, over the last minute


def main() -> int:
    arguments = _arguments()
    try:
        peers.install()
        _warn_if_busy()
        found = _medians(arguments.n, arguments.repeats)
    except (peers.ToolsMissing, peers.InstallationFailed, peers.PeerFailed) as failure:
        print(f"bench-peers: {failure}", file=sys.stderr)
        return 1
    ours = found.pop("engine")
    if arguments.json:
        ratios = {name: round(ours / theirs, 2) for name, theirs in found.items()}
        print(json.dumps({"n": arguments.n, "engine_per_s": ours, "peers": found, "ratios": ratios}))
    else:
        _print(arguments.n, arguments.repeats, ours, found)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line, for programs")
    parser.add_argument("--n", type=int, default=20_000, help="jobs; the slow peers get fewer (default: 20000)")
    parser.add_argument("--repeats", type=int, default=3, help="the medians of so many (default: 3)")
    return parser.parse_args()


def _warn_if_busy() -> None:
    """Peers with many processes suffer most from others' work, so that on a busy machine the ratios flatter us."""
    load = os.getloadavg()[0]
    if load > BUSY_LOAD:
        print(f"bench-peers: load {load:.1f} before it began: if others are at work, repeat it later", file=sys.stderr)


def _medians(n: int, repeats: int) -> dict[str, float]:
    """Jobs a second of the engine and of each peer. Repeats are outermost, so that a slow minute meets all of them."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    with ground.server() as server:
        for _ in range(repeats):
            for name, jobs_per_s in ({"engine": engine.measure(server, n)} | peers.measure_once(server, n)).items():
                found[name].append(jobs_per_s)
    return {name: round(statistics.median(values), 1) for name, values in found.items()}


def _print(n: int, repeats: int, ours: float, found: dict[str, float]) -> None:
    settings = {peer.name: peer.settings for peer in peers.PEERS}
    print(f"jobs a second, {n:,} jobs, medians of {repeats}: a flag read, a history row, queued again an hour ahead\n")
    print(f"  {'this engine':16}{ours:10,.0f}/s            one worker, batches of {BATCH:,}")
    for name, theirs in found.items():
        print(f"  {name:16}{theirs:10,.0f}/s  {ours / theirs:6.1f} ×  {settings[name]}")


if __name__ == "__main__":
    sys.exit(main())
