# Marsad. `make` shows what there is. Everything lives in .venv and MARSAD_HOME (default .marsad/); nothing else is touched.

MARSAD_HOME ?= $(CURDIR)/.marsad
MINUTES ?= 5
WORKERS ?= 3
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(SUITS)' 2>/dev/null && echo $$p && break; done)
endif
UV_VERSION := 0.13.9
VENV := $(CURDIR)/.venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin
# Nothing of the caller's may leak in: another Airflow's home or settings, another project on the path, uv's own places.
unexport AIRFLOW_HOME AIRFLOW_CONFIG PYTHONPATH PYTHONHOME VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_SYSTEM_PYTHON
export MARSAD_HOME
export AIRFLOW_HOME := $(MARSAD_HOME)/airflow
export UV_CACHE_DIR := $(VENV)/.uv-cache
export UV_NO_CONFIG := 1
export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo up down test campaign bench lint lock clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(STAMP) ## the environment (.venv), only when requirements.lock changed

demo: $(STAMP) ## simulate agencies, run the real DAGs, show what came out, stop everything
	@$(BIN)/marsad demo

up: $(STAMP) ## start the platform and keep it running
	@$(BIN)/marsad up

down: ## stop the platform
	@if [ -x $(BIN)/marsad ]; then $(BIN)/marsad down; fi

# One file goes to one worker, in order: what its tests share is made once. A folder of its own, because the one that
# pytest keeps for a user is closed to the server's user whenever another run starts, and is never removed.
# One thread of linear algebra each: tables of estimates are small, and threads of several workers wait for each other.
test campaign: export OPENBLAS_NUM_THREADS := 1
PYTEST = folder=$$(mktemp -d) && chmod 711 $$folder && trap 'rm -rf $$folder' EXIT && \
  $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --basetemp $$folder/tests
test: $(STAMP) ## every test but the long ones, WORKERS=n at once (default 3: on two cores one always waits)
	@$(PYTEST) -m "not long"

campaign: $(STAMP) ## the long tests, then random ones for MINUTES=n (default 5)
	@$(PYTEST) -m long
	@$(BIN)/python -m tests.campaign --minutes $(MINUTES)

bench: $(STAMP) ## measure; writes bench.json in MARSAD_HOME
	@$(BIN)/python -m bench

lint: $(STAMP) ## ruff, mypy, order of the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: $(STAMP) ## requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --group dev pyproject.toml -o requirements.lock

clean: down ## stop, and remove the environment (MARSAD_HOME stays: it may hold data)
	@rm -rf $(VENV)

# The project's own place is part of a virtual environment: one that was copied or moved is made again.
$(STAMP): requirements.lock
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c '$(SUITS)' 2>/dev/null || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: install one, or say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "making the environment in .venv" >&2
	@$(BIN)/python -c 'import sys; sys.exit(sys.prefix != "$(VENV)")' 2>/dev/null || rm -rf $(VENV)
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@[ "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = $(UV_VERSION) ] || $(BIN)/python -m pip install --quiet --no-cache-dir uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --no-cache --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --no-cache --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
