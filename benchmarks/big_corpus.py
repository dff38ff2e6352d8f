"""A text far larger than memory should be: tokenised, then trained on, with its peak memory.

    python benchmarks/big_corpus.py --megabytes 2000 --tokenizer char

Writes a synthetic text into a temporary folder, tokenises it in a child process and trains 100
steps in another (`elman train language-model`). Prints seconds and peak resident memory of each;
both are meant to stay under 1 GB, whatever the size of the text. `--no-train` stops after the
tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LIMIT_MB = 1000

PREPARE = """
import sys
from elman.data.config import TextConfig
from elman.data.corpus import prepare_corpus

shown = -1
def show(done, total, phase):
    global shown
    if (percent := 10 * done // total * 10) != shown:
        shown = percent
        print(f"  {phase}: {percent} %", file=sys.stderr)

corpus = prepare_corpus(sys.argv[1], TextConfig(tokenizer=sys.argv[2]), progress=show)
print(f"  {corpus.facts}")
"""


def write_text(path: Path, megabytes: int) -> None:
    """Write random sentences over 50 000 words that follow Zipf's law."""
    random = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    words = ["".join(random.choice(letters, n)) for n in random.integers(2, 10, 50_000)]
    left = megabytes * 1_000_000
    with path.open("w", encoding="ascii") as file:
        while left > 0:
            ranks = np.minimum(random.zipf(1.2, 200_000), 50_000) - 1
            drawn = [words[rank] for rank in ranks]
            lines = (" ".join(drawn[i : i + 12]) for i in range(0, len(drawn), 12))
            text = (".\n".join(lines) + ".\n")[:left]
            left -= file.write(text)


def measured(name: str, command: list[str], environment: dict[str, str]) -> dict[str, object]:
    """Run a child; return its seconds and the largest resident memory of any child so far."""
    print(f"{name}:", flush=True)
    begin = time.perf_counter()
    subprocess.run(command, check=True, env=environment)
    seconds = time.perf_counter() - begin
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    print(f"  {seconds:.1f} s, peak {peak_mb:.0f} MB so far", flush=True)
    return {"name": name, "seconds": round(seconds, 1), "peak_mb": round(peak_mb)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--tokenizer", default="char", choices=["char", "byte", "word", "bpe"])
    parser.add_argument("--no-train", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="elman-big-") as folder:
        path = Path(folder) / "big.txt"
        print(f"writing {arguments.megabytes} MB of text", flush=True)
        write_text(path, arguments.megabytes)
        environment = os.environ | {"ELMAN_CACHE": str(Path(folder) / "cache")}
        kind = arguments.tokenizer
        prepare = [sys.executable, "-c", PREPARE, str(path), kind]
        rows = [measured("tokenise", prepare, environment)]
        if not arguments.no_train:
            train = [sys.executable, "-m", "elman", "train", "language-model", "--data", str(path)]
            train += ["--text.tokenizer", kind, "--train.steps", "100"]
            train += ["--out", str(Path(folder) / "run")]
            rows.append(measured("train 100 steps", train, environment))
    print(json.dumps({"megabytes": arguments.megabytes, "tokenizer": kind, "rows": rows}))
    return 0 if max(row["peak_mb"] for row in rows) < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
