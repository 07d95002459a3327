"""What a cold start imports: each function in a fresh process, beside the database driver alone, which every tick
needs.

The byte code is there, as it is in what `make build` builds: the first of the repeats writes it and is not counted, nor
is the interpreter's own start.

python -m bench.cold_start [--repeats 21] [--profile]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench.figures import Figure, show

ROOT = Path(__file__).parent.parent
DRIVER = "pg8000.native"
# What is imported, from which folder, and how many times as long as the driver's it may take.
FUNCTIONS = {"scheduler": 1.45, "api": 3.0}
_TIMED = """
from time import perf_counter
began = perf_counter()
import {module}
print((perf_counter() - began) * 1000)
"""


def measure(repeats: int, byte_code: str) -> dict[str, float]:
    """Milliseconds of each import: medians, the repeats outermost."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for repeat in range(repeats + 1):
        for name in ("driver", *FUNCTIONS):
            milliseconds = float(
                _python("-c", _TIMED.format(module=_module(name)), function=name, byte_code=byte_code).stdout
            )
            if repeat:
                taken[name].append(milliseconds)
    return {name: statistics.median(values) for name, values in taken.items()}


def slowest(name: str, count: int, byte_code: str) -> list[str]:
    """The lines of `-X importtime` with the most time of their own."""
    lines = _python(
        "-X", "importtime", "-c", f"import {_module(name)}", function=name, byte_code=byte_code
    ).stderr.splitlines()
    own = [line for line in lines if line.startswith("import time:") and "self" not in line]
    return sorted(own, key=lambda line: int(line.split(":")[1].split("|")[0]), reverse=True)[:count]


def _module(name: str) -> str:
    return "app" if name in FUNCTIONS else DRIVER


def _python(*arguments: str, function: str, byte_code: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with the paths that Lambda has, byte code in a folder of its own, and a database that is not
    there."""
    paths = [str(ROOT / "shared"), str(ROOT / "functions" / function)]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": byte_code,
        "PYTHONDONTWRITEBYTECODE": "",
        "DATABASE_URL": "postgresql://localhost/none",
    }
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--profile", action="store_true", help="also the modules that took longest to import")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reminders-bench-") as byte_code:
        took = measure(arguments.repeats, byte_code)
        _show(took, arguments.repeats)
        if arguments.profile:
            for name in FUNCTIONS:
                print(f"\n{name}: own µs | with what it imports | module", *slowest(name, 15, byte_code), sep="\n")
    return 0


def _show(took: dict[str, float], repeats: int) -> None:
    figures = [Figure(label=f"import {DRIVER}", value=took["driver"], unit="ms")]
    for name, at_most in FUNCTIONS.items():
        figures.append(Figure(label=f"import functions/{name}/app.py", value=took[name], unit="ms"))
        ratio = took[name] / took["driver"]
        figures.append(Figure(label=f"{name} / driver", value=ratio, unit="×", digits=2, at_most=at_most))
    show(f"cold start, medians of {repeats} fresh processes", figures)


if __name__ == "__main__":
    sys.exit(main())
