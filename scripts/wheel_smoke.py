"""Check an installed wheel of elman, from outside the source tree: what a first user would do.

python scripts/wheel_smoke.py            (the interpreter into which the wheel was installed)

It must be whole (compiled module, tags that tell the truth), answer on the command line, and
compute on the compiled kernels, on each instruction set of this machine, what the reference
loop computes. Exits 1 with what is wrong.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import sysconfig
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent


def tags_tell_the_truth() -> str:
    """The wheel claims abi3 exactly if its module is one; return its tag."""
    found = importlib.metadata.distribution("elman")
    lines = (found.read_text("WHEEL") or "").splitlines()
    tags = [line.partition(": ")[2] for line in lines if line.startswith("Tag: ")]
    modules = [f.name for f in found.files or () if f.name.startswith("_kernels.")]
    assert len(modules) == 1, f"expected one compiled module, found {modules}"
    abi3 = ".abi3." in modules[0]
    for tag in tags:
        python, abi, _ = tag.split("-")
        wanted = ("cp312", "abi3") if abi3 else (python, python)
        assert (python, abi) == wanted, f"tag {tag} does not fit the module {modules[0]}"
    if not abi3:
        assert modules[0].endswith(sysconfig.get_config_var("EXT_SUFFIX")), modules
    return f"{', '.join(tags)}; {modules[0]}"


def command_line(*words: str) -> str:
    """Run `elman WORDS` and return what it says."""
    script = Path(sys.executable).with_name("elman")
    done = subprocess.run([script, *words], capture_output=True, text=True)
    assert done.returncode == 0, f"elman {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def layers() -> None:
    """Forward and every gradient of each layer: compiled kernels against the reference loop."""
    import torch

    from elman import nn

    x = torch.randn(9, 3, 5, dtype=torch.float64)
    for make in (nn.RNN, nn.LSTM, nn.GRU):
        results = []
        for backend in ("cpu", "reference"):
            torch.manual_seed(1)
            layer = make(5, 7, layer_norm=True, backend=backend, dtype=torch.float64)
            given = x.clone().requires_grad_()
            output, _ = layer(given)
            output.square().sum().backward()
            results.append([output, given.grad, *(p.grad for p in layer.parameters())])
        for got, expected in zip(*results, strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


def stepper() -> None:
    """One step without torch's part: the compiled engine against plain NumPy."""
    import numpy as np

    from elman.runtime import LayerWeights, Stepper

    rng = np.random.default_rng(0)
    layer = LayerWeights("gru", rng.normal(size=(21, 5)), rng.normal(size=(21, 7)))
    x = rng.normal(size=(2, 5)).astype(np.float32)
    ours, plain = (Stepper([layer], 2, backend=b).step(x) for b in ("cpu", "numpy"))
    np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)


def main() -> None:
    """Run every check and print what was found."""
    import elman

    place = Path(elman.__file__).resolve()
    assert SOURCE / "elman" not in place.parents, f"{place} is the source tree, not a wheel"
    print(f"elman {elman.__version__} in {place.parent}")
    print(tags_tell_the_truth())
    assert "Usage: elman" in command_line("--help")
    (told,) = (s for s in command_line("doctor").splitlines() if s.startswith("backend cpu "))
    assert told.split()[-1] == "ready", told

    from elman._native import KERNELS, MISSING

    assert KERNELS is not None, MISSING
    for isa in KERNELS.supported():
        KERNELS.select(isa)
        layers()
        stepper()
        print(f"kernels for {isa}: layers and stepper agree with the reference")


if __name__ == "__main__":
    main()
