"""`python -m tests.lab`: the guarded client against bad URLs, bad names, bad certificates and bad servers, as a
table."""

import sys

from tests.lab.bench import Result, run_all


def main() -> int:
    results, connected = run_all()
    print(f"{'case':<64} {'outcome':<8} {'connected to':<42} {'seconds':>7}")
    for result in results:
        print(_line(result))
    wrong = [result for result in results if result.complaints]
    denied = [address for result in results for address in result.denied]
    away = [address for address in connected if address[0] != "127.0.0.1"]  # the stub lets nothing leave this machine
    print(
        f"\n{len(results)} cases · {len(wrong)} not as expected · {len(denied)} connections to a denied address · "
        f"longest over its deadline {max(r.seconds - r.case.seconds for r in results):.2f} s"
    )
    return 1 if wrong or denied or away else 0


def _line(result: Result) -> str:
    name = result.case.name if len(result.case.name) <= 63 else f"{result.case.name[:62]}…"
    where = ", ".join(result.dialled) or "nobody"
    complaints = f"  ← {'; '.join(result.complaints)}" if result.complaints else ""
    return f"{name:<64} {result.outcome:<8} {where:<42} {result.seconds:>7.2f}{complaints}"


if __name__ == "__main__":
    sys.exit(main())
