# One command set for a laptop and for CI. Needs Python 3.11+, g++ and make; the rest it installs.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo check fmt lint types test test-slow sanitize sanitize-thread wheel bench docs clean

help:            ## Show this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: $(STAMP)  ## Create .venv and install elman into it, with everything for development

$(STAMP): pyproject.toml constraints.txt CMakeLists.txt $(wildcard csrc/*)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(STAMP)   ## Train on built-in text, watch it learn, generate (about 90 seconds)
	$(BIN)/elman demo $(ARGS)

check: lint types ## Format, lint, types, import arrows

fmt: $(STAMP)    ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(STAMP)   ## Check format, lint and the import arrows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_house.py

types: $(STAMP)  ## Check types
	$(BIN)/mypy

test: $(STAMP)   ## Run the tests (under 20 minutes on two cores)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not gpu" $(ARGS)

test-slow: $(STAMP) ## Run the heavy tests
	$(BIN)/python -m pytest -m slow $(ARGS)

sanitize: $(STAMP) ## Build the kernels with AddressSanitizer and UBSan and run their tests
	PYTHON=$(BIN)/python scripts/sanitize.sh

sanitize-thread: $(STAMP) ## Run the threads and their barrier under ThreadSanitizer
	PYTHON=$(BIN)/python scripts/sanitize.sh thread

wheel: $(STAMP)  ## Build a wheel into dist/ and try it in an empty environment without a compiler
	PYTHON=$(BIN)/python scripts/wheel.sh

bench: $(STAMP)  ## Time the kernels beside torch, JAX, ONNX Runtime; write the page (idle machine, 10 minutes)
	$(BIN)/elman bench --json benchmarks/results/bench.json --png docs/images/bench.png $(ARGS)
	$(BIN)/python scripts/performance_docs.py

docs: $(STAMP)   ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

clean:           ## Remove what was built, keep .venv
	rm -rf build dist site .mypy_cache .pytest_cache .ruff_cache
