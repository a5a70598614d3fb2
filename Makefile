# Everything a newcomer needs: `make run`, `make test`. Each target does all of its own set-up in .venv.
# Needs Linux, make and Python 3.11 or later; the first set-up downloads packages.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# The distribution's own first: it is built with profile-guided optimisation, which a version manager's often isn't, and
# then ticks a tenth faster. Another: make run PYTHONS=python3.13
SYSTEM_PYTHON ?= /usr/bin/python3
PYTHONS ?= $(SYSTEM_PYTHON) python3 python3.13 python3.12 python3.11
SCENARIO ?= cubesat-6u-orin-nano
ARGS ?=
# Tensors of this size gain nothing from more threads, and the processes of a node share the cores.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

.PHONY: help run test test-long test-console pictures mutants check bench models clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo "make run        fly one emulated node for two orbits and write its report (ARGS='--duration 5orbits --seed 7', SCENARIO=...)"
	@echo "make test       the tests (ARGS='-k battery')"
	@echo "make check      what CI runs beside the tests: ruff, mypy, import-linter"
	@echo "make test-long  the tests too heavy for every day"
	@echo "make test-console  the browser's console, by clicking (needs chromium and chromium-driver; installs the extra)"
	@echo "make mutants    do the tests notice when a law is wrong? (ARGS='--seed 2 --count 30')"
	@echo "make bench      speed, beside raw limits measured in the same run"
	@echo "make pictures   the pictures of the docs, drawn anew (needs chromium and chromium-driver)"
	@echo "make models     retrain the shipped models and bring their cards up to date (installs torch)"
	@echo "make clean      remove .venv, runs, builds and caches"

# A candidate is tried, not just looked up: a version manager's shim exists and fails.
$(VENV)/python.stamp:
	@for p in $(PYTHONS); do \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  if $$p -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$p; break; else bare=$$p; fi; \
	done; \
	if [ -n "$$found" ]; then $$found -m venv $(VENV); \
	elif [ -n "$$bare" ]; then \
	  echo "flightsw: $$bare can't make virtual environments (Debian, Ubuntu: install python3-venv)" >&2; exit 1; \
	else \
	  echo "flightsw: needs Python 3.11 or later; tried $(PYTHONS): none of them runs and is new enough" >&2; exit 1; \
	fi
	@touch $@

$(VENV)/core.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "setting up: installing flightsw into $(VENV)"
	@$(INSTALL) -e .
	@touch $@

# Holds the core too, so that one install does for both.
$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "setting up: installing flightsw and its test tools into $(VENV)"
	@$(INSTALL) -e '.[dev]'
	@touch $(VENV)/core.stamp $@

run: $(VENV)/core.stamp
	@$(BIN)/flightsw run $(SCENARIO) --report $(ARGS)

# Hundreds of processes start: where bytecode isn't kept, each of them would compile every module anew.
test: $(VENV)/dev.stamp
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

# Parquet is too much to install for every day.
test-long: $(VENV)/dev.stamp
	@$(INSTALL) -e '.[tables]'
	@$(BIN)/python -m pytest -q -m long --timeout 3600 $(ARGS)

# An extra of its own, so that nobody else has to install a web framework.
$(VENV)/console.stamp: $(VENV)/dev.stamp
	@$(INSTALL) -e '.[console]'
	@touch $@

test-console: $(VENV)/console.stamp
	@$(BIN)/python -m pytest -q -m "" tests/live/browser $(ARGS)

pictures: $(VENV)/console.stamp
	@$(BIN)/python -m tests.live.pictures
	@$(BIN)/python docs/pictures/draw.py

mutants: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.mutants $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

bench: $(VENV)/core.stamp
	@$(BIN)/python -m benchmarks $(ARGS)

models: $(VENV)/core.stamp
	@$(INSTALL) -e '.[train]'
	$(BIN)/python models/cloudseg/train.py
	$(BIN)/python models/cloudseg/measure.py --write
	$(BIN)/python models/wildfire/train.py
	$(BIN)/python models/wildfire/measure.py --write
	$(BIN)/python models/telemetry-anomaly/train.py
	$(BIN)/python models/telemetry-anomaly/measure.py --write

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find flightsw tests benchmarks models hil -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
