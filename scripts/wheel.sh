#!/usr/bin/env bash
# Build one wheel into dist/, install it into an empty environment that finds no compiler, and
# run scripts/wheel_smoke.py there.
#   PYTHON=python3.12 scripts/wheel.sh
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1

# An environment of its own for building too, as for anyone who says `pip wheel .`.
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$folder/wheel" .
wheels=("$folder"/wheel/*.whl)
test "${#wheels[@]}" = 1
mkdir -p dist
cp "${wheels[0]}" dist/

"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet -c constraints.txt torch

# Nothing on the path but the environment, and where a build would be tried it fails.
cp constraints.txt scripts/wheel_smoke.py "$folder"
cd "$folder"
bare=(env -u PYTHONPATH PATH="$folder/venv/bin" CC=/bin/false CXX=/bin/false)
"${bare[@]}" pip install --quiet -c constraints.txt --only-binary :all: "${wheels[0]}"
if "${bare[@]}" sh -c 'command -v cc c++ gcc g++ clang cmake ninja make' 2>/dev/null; then
  echo "wheel.sh: a compiler is on the path" >&2
  exit 1
fi
"${bare[@]}" python wheel_smoke.py
echo "dist/$(basename "${wheels[0]}") installs and works"
