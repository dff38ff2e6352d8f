"""Write docs/performance.md from benchmarks/results: bench.json, and notes.md written by hand.

python scripts/performance_docs.py            write it
python scripts/performance_docs.py --check    fail if it is not current
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from elman.bench.record import Record
from elman.bench.text import Table, summary, tables

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"

HEAD = """\
# Performance

What `elman bench` measured; `make bench` measures anew and writes this page from
`benchmarks/results/bench.json`. Figures are of one process on one machine: all contenders have
the same weights and input and take turns, round after round, and between turns the process comes
to rest. Shown are the median and the 10th to 90th percentile. Rows that are lost are here too.

"""

KEY = """
## How to read it

- **times torch.nn** and the like: the other's time over elman's, more is better. **over plain
  layer** and the like: elman's figure over the other's, less is better. A target stands beside the
  ratio that it is for; targets were set for two cores, and rows with fewer threads than the most
  have none.
- **elman** is `elman.nn` on its own kernels, asked for by name (`backend="cpu"`); in the recipe it
  is `auto`, as a user has it. One step is `elman.runtime.Stepper`, NumPy in and out.
- **training** is forward and backward with the gradients of input and weights; **inference** is in
  `torch.inference_mode()`. `jax.lax.scan` is jitted, the input's product before the scan; XLA takes
  its threads from the cores that a process may use, so the process is kept to as many cores as
  threads.
- **of sgemm**: the rate over that of torch's product of two 1024 x 1024 matrices in the same turns.
- **error**: the largest difference from the reference loop of `elman.ops` in float64, relative to
  the largest value of each tensor; of the output, or in training of every gradient. For options
  and the recipe it is that of 4 rows of the batch, the recipe's without dropout.
- **memory**: each in a fresh process, two training steps after a small one. *gates and states* is
  what backward must keep, computed; the growth also has input, output and their gradients.
- An option's time includes drawing its random masks. *lengths* are half as long on average.
"""


def page() -> str:
    """Return the whole page."""
    record = Record.read(RESULTS / "bench.json")
    facts = ", ".join(f"{name} {value}" for name, value in record.about.items())
    parts = [HEAD, f"{facts}.\n"]
    if record.quick:
        parts.append("\nThis was a quick run (`--quick`): few rounds, few shapes.\n")
    if not record.complete:
        parts.append("\nThis run was interrupted: not all was measured.\n")
    parts += [f"\n{line}.\n" for line in record.missing]
    parts.append("\n![Ratios and targets as bars, for each cell](images/bench.png)\n")
    parts.append("\n## Targets\n\n")
    reached, *missed = summary(record) or ["no row has a target"]
    parts.append(f"{reached.capitalize()}.\n")
    if missed:
        parts.append("\n" + "".join(f"- {line.strip()}\n" for line in missed))
    parts.append("\n" + (RESULTS / "notes.md").read_text(encoding="utf-8"))
    parts.append(KEY)
    parts += map(table, tables(record))
    return "".join(parts)


def table(content: Table) -> str:
    """Return a table in Markdown, under a heading."""
    head, *title = content.title
    lines = [content.header, tuple("---" for _ in content.header), *content.rows]
    shown = "".join(f"| {' | '.join(map(escaped, line))} |\n" for line in lines)
    return f"\n## {head.upper()}{''.join(title)}\n\n{shown}"


def escaped(cell: str) -> str:
    """Return text that Markdown takes as it is."""
    return cell.replace("|", "\\|").replace("_", "\\_")


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
