# `make demo` shows Bayegan at work, `make test` proves it; both set up what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test soak lint format setup bench lock clean

demo: .venv/run
	@$(BIN)/python -m tests.demo

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not soak"

soak: .venv/dev
	$(BIN)/python -m pytest -m soak -rP

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: .venv/dev
	$(BIN)/python -m benchmarks.crawl
	$(BIN)/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.dump
	$(BIN)/python -m benchmarks.verify

setup: .venv/dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Bayegan needs Python 3.11 or newer; this is `$(PYTHON) --version`. Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.txt pyproject.toml
	@echo "Setting up .venv (once) …"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	@echo "Setting up the tools for tests (once) …"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# The lock files name versions and hashes, no hosts. `pip install uv` first.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra install pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra install --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
