# Everything a newcomer needs: `make run`, `make test`. Each target does all of its own set-up in .venv.
# Needs Python 3.11 or later and make.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= cubesat-6u-orin-nano
ARGS ?=
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

.PHONY: help run test test-long check bench models clean
.DEFAULT_GOAL := help

help:
	@echo "make run        fly one emulated node for two orbits (ARGS='--duration 5orbits --seed 7', SCENARIO=...)"
	@echo "make test       set up and run the tests"
	@echo "make check      what CI runs beside the tests: ruff, mypy, import-linter"
	@echo "make test-long  the heavy campaigns"
	@echo "make bench      speed, beside raw limits measured in the same run"
	@echo "make models     retrain the shipped models and bring their cards up to date (installs torch)"
	@echo "make clean      remove .venv, caches and runs"

$(VENV)/python.stamp:
	@for p in python3 python3.13 python3.12 python3.11; do \
	  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$p; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "flightsw needs Python 3.11 or later; none of python3, python3.13 ... python3.11 is" >&2; exit 1; fi; \
	$$found -m venv $(VENV)
	@touch $@

$(VENV)/core.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "setting up: installing flightsw into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/core.stamp
	@echo "setting up: installing the test tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@

run: $(VENV)/core.stamp
	@$(BIN)/flightsw run $(SCENARIO) $(ARGS)

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n 2 -q $(ARGS)

test-long: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -q -m long --timeout 3600 $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/core.stamp
	@$(BIN)/python -m benchmarks $(ARGS)

models: $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r models/requirements-train.txt
	$(BIN)/python models/cloudseg/train.py
	$(BIN)/python models/cloudseg/measure.py --write

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
