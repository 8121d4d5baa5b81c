PYTHON ?= python3
OPTIONS ?=
BIN := .venv/bin

.PHONY: run test lint types bench docs

# The server, on http://127.0.0.1:8000, with its data in ./genset-data.
run: .venv/installed
	$(BIN)/genset serve $(OPTIONS)

test: .venv/installed-test
	$(BIN)/pytest -n 2

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/installed-dev
	$(BIN)/mypy

# OPTIONS="--help" says what can be measured.
bench: .venv/installed-test
	$(BIN)/python -m bench $(OPTIONS)

# The documentation, as a site in build/site; what it has of the code is written anew.
docs: .venv/installed-dev
	$(BIN)/python -m tools.generate_docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[$*]"
	@touch $@
