# `make demo` shows a whole working business, `make test` proves it; `make help` lists the rest.
# Everything installs into this folder; only git, make and Python 3.11 or 3.12 are needed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
  if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2> /dev/null; \
  then command -v $$p; break; fi; done)
UV_VERSION := 0.13.8
UV := $(shell command -v uv 2>/dev/null || echo .hub-venv/bin/uv)
HUB := .venv/bin/hub
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo test setup setup-test lint format bench docs assets down clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: setup ## Show a whole working business, from till export to dashboards
	@$(HUB) demo

test: setup-test ## Run every test, browser included
	@scripts/test

setup: .venv/.ready superset/.venv/.ready ## Install what the hub needs into this folder

.PHONY: check-python
check-python:
	@test -n "$(PYTHON)" || { \
	  echo "Python 3.11 or 3.12 was not found. Fix: install one, or run make with PYTHON=/path/to/it"; exit 1; }

setup-test: setup ## Install what the tests need as well
	@scripts/install-browser

.hub-venv/bin/uv: | check-python
	@echo "Installing uv, the package installer"
	@$(PYTHON) -m venv .hub-venv || { \
	  echo "Python's venv module is missing. Fix: apt install python3-venv (or your system's equivalent)"; exit 1; }
	@.hub-venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: uv.lock pyproject.toml $(filter .hub-venv/bin/uv,$(UV)) | check-python
	@echo "Installing the hub (about 1.6 GB; a minute on a good line)"
	@$(UV) sync --frozen --quiet --compile-bytecode --python "$(PYTHON)"
	@touch $@

superset/.venv/.ready: superset/uv.lock superset/pyproject.toml $(filter .hub-venv/bin/uv,$(UV)) | check-python
	@echo "Installing Superset into its own environment (about 0.9 GB)"
	@$(UV) sync --frozen --quiet --compile-bytecode --project superset --python "$(PYTHON)"
	@touch $@

lint: setup ## Check style, types and SQL
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/python scripts/lint_sql.py

format: setup ## Bring code into shape
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup ## Measure speed as ratios to a peer in the same run
	@.venv/bin/python -m benchmarks

docs: setup ## Generate documentation from the code
	@.venv/bin/python -m ingestion.sources.spreadsheets.templates
	@echo "docs/templates.md is up to date."
	@.venv/bin/python scripts/build_metrics.py

assets: setup ## Write Superset's dashboards from their descriptions
	@.venv/bin/python scripts/build_assets.py

down: ## Stop what the demo started
	@$(HUB) down --all

clean: ## Remove everything that was made here, databases included
	@test ! -x $(HUB) || $(HUB) down --all
	@rm -rf .hub .venv .hub-venv superset/.venv target logs .pytest_cache .mypy_cache .ruff_cache
