#!/usr/bin/env bash
# Build the compiled kernels with sanitizers into build/sanitize and run their tests.
#   scripts/sanitize.sh                    address and undefined behaviour
#   scripts/sanitize.sh thread             data races, see tests/csrc/stress.cpp
#   PYTHON=.venv/bin/python scripts/sanitize.sh
set -euo pipefail
cd "$(dirname "$0")/.."
python=$("${PYTHON:-python3}" -c "import sys; print(sys.executable)")
"$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt cmake nanobind ninja
export PATH="$(dirname "$python"):$PATH"
if [ "${1:-}" = thread ]; then
  folder=build/sanitize-thread
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELMAN_SANITIZE=thread \
    -DPython_EXECUTABLE="$python"
  cmake --build "$folder" --parallel 2 --target elman_stress
  exec "$folder/elman_stress"
fi
folder=build/sanitize
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELMAN_SANITIZE=address,undefined \
  -DPython_EXECUTABLE="$python"
cmake --build "$folder" --parallel 2

# A copy of the package with the instrumented module in it, so that the working one stays. An
# editable install would find the working module first, here and in each process that a test
# starts: its finder goes, and we look.
rm -rf "$folder/site" && mkdir -p "$folder/site"
cp -r csrc elman tests conftest.py pyproject.toml "$folder/site"
rm -f "$folder/site/elman/"_kernels*.so
cp "$folder/"_kernels*.so "$folder/site/elman/"
cat > "$folder/site/sitecustomize.py" <<'SITE'
import sys

sys.meta_path[:] = [f for f in sys.meta_path if "Scikit" not in type(f).__name__]
from elman._native import KERNELS

assert "sanitize" in KERNELS.__file__, KERNELS.__file__
SITE

# Python is not instrumented: the runtime comes first, leaks of the interpreter are not ours. Left
# out are tests that weigh the process, since freed memory is kept to catch its use.
runtime=$(gcc -print-file-name=libasan.so)
cpp=$(gcc -print-file-name=libstdc++.so)
cd "$folder/site"
ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$(realpath "$runtime"):$(realpath "$cpp")" PYTHONPATH="$PWD" \
  OMP_NUM_THREADS=1 "$python" -m pytest -q -p no:cacheprovider --import-mode=importlib \
  tests/csrc tests/runtime tests/ops/backends -m "not slow" \
  -k "not memory and not freed and not leak"
