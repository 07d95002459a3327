"""How a benchmark says what it found: a table of figures, beside each that has one its goal, and whether it is met."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of a table."""

    label: str
    value: float
    unit: str = ""
    digits: int = 1
    at_most: float | None = None  # the goal, in the same unit

    def __str__(self) -> str:
        line = f"{self.label:44} {self._number(self.value)} {self.unit:3}"
        if self.at_most is None:
            return line.rstrip()
        verdict = "met" if self.value <= self.at_most else "NOT MET"
        return f"{line}  goal ≤ {self.at_most:g}  {verdict}"

    def _number(self, value: float) -> str:
        return f"{value:12,.{self.digits}f}"


def show(title: str, figures: Iterable[Figure]) -> None:
    """Prints a table at once, since the next may be minutes away."""
    print(f"\n{title}")
    for figure in figures:
        print(f"  {figure}")
    print(end="", flush=True)


def show_one(figure: Figure) -> None:
    """Prints one more line of a table whose figures come one by one."""
    print(f"  {figure}", flush=True)
