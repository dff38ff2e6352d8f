"""Make the picture of a run in the README: `elman demo`, recorded and drawn as an SVG.

    python scripts/picture.py                 as long as the demo is
    python scripts/picture.py --seconds 20    a shorter training

The demo runs for real, in a folder that is thrown away; what it prints is what is drawn. The SVG
names fonts that machines have and fetches none.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

import elman.cli.demo

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH = 92

DARK = [(24, 26, 31), (224, 108, 117), (152, 195, 121), (229, 192, 123)]
COOL = [(97, 175, 239), (198, 120, 221), (86, 182, 194), (214, 218, 226)]
THEME = TerminalTheme(DARK[0], COOL[-1], [*DARK, *COOL], [*DARK, *COOL])

# rich's own format, without the font that it fetches from the network
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}" \
role="img" aria-label="Terminal output of elman demo">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
.{unique_id}-title {{
    font-size: 18px;
    font-weight: bold;
    font-family: ui-sans-serif, system-ui, Arial, sans-serif;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def record(seconds: float) -> Console:
    """Run the demo in an empty folder and return the console that it printed on."""
    console = Console(record=True, width=WIDTH, highlight=False, force_terminal=False)
    console.print("[bold green]$[/bold green] elman demo")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        vars(elman.cli.demo)["Console"] = lambda **options: console
        elman.cli.demo.demo(seconds=seconds)
    return console


def main() -> None:
    """Run, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=elman.cli.demo.SECONDS)
    parser.add_argument("--out", type=Path, default=PICTURE)
    options = parser.parse_args()
    out = options.out.absolute()
    svg = record(options.seconds).export_svg(
        title="elman demo", theme=THEME, code_format=FORMAT, unique_id="demo"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(svg, encoding="utf-8")
    print(f"wrote {os.path.relpath(out)}, {len(svg):,} characters")


if __name__ == "__main__":
    main()
