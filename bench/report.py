"""What a benchmark prints and writes: tables in Markdown."""

import math
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "var" / "bench"


class Report:
    """A heading, and what is said below it."""

    def __init__(self, heading: str) -> None:
        self.lines = [f"# {heading}", ""]

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.lines += [text, ""]

    def fact(self, label: str, value: str, target: str) -> None:
        """Add a figure, and what it should be."""
        self.say(f"- {label}: {value} (target: {target})")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table whose columns are aligned in plain text as well."""
        cells = [columns, *rows]
        widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
        padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in cells]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        for row in (padded[0], rule, *padded[1:]):
            self.lines.append(f"| {' | '.join(row)} |")
        self.lines.append("")

    def publish(self, name: str) -> None:
        """Print it, and keep it in a file below var/."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{name}.md"
        path.write_text("\n".join(self.lines))
        print(path.read_text())
        print(f"Written to {path.relative_to(FOLDER.parents[1])}.")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of them does not exceed."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]


def ms(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1000:.2f}"
