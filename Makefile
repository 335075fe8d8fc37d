# The commands of this project. `make` alone lists them.
#
# Everything runs in .venv, which is made from requirements.lock (every file checked by its hash)
# and brought up to date whenever the lock, pyproject.toml or the place of the checkout changes.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# PYTHON=/path/to/python chooses the interpreter; without it the first fitting one is taken.
PYTHON ?=
# Passed on to pytest, for example: make test TESTS="tests/storage -k outbox"
TESTS ?=
# Processes that test at the same time. One more than there are cores, since tests of networks and
# processes mostly wait.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)
# Passed on to the crash proof, for example: make crash CRASH="--only lane.sent --seed 7"
CRASH ?=
# Passed on to the resolver, for example: make lock LOCK_OPTIONS="--upgrade-package aiohttp"
LOCK_OPTIONS ?=

# Who sets this has every process compile the whole program anew, and the suite starts hundreds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
BENCHES := $(filter-out __%,$(notdir $(basename $(wildcard tests/bench/*.py))))

FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet

.PHONY: help run test bench crash lint fmt wheel lock clean venv

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

run: venv ## start everything on http://127.0.0.1:8765 (PORT=8000 make run changes the port)
	@exec $(BIN)/inflow run

test: venv ## run the whole suite, PostgreSQL included (TESTS="tests/storage -x" for a part)
	@exec $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

bench: venv ## measure, and print one JSON object for each bench
	@set -e; for bench in $(BENCHES); do $(BIN)/python -m tests.bench.$$bench; done

crash: venv ## end processes without warning, hundreds of times, and hold what was delivered against what was promised (half an hour)
	@exec $(BIN)/python -m tests.crash.run $(CRASH)

lint: venv ## check style, format, types and who imports whom
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo --no-cache

fmt: venv ## format the code and repair what can be repaired
	$(BIN)/python -m ruff check --fix-only
	$(BIN)/python -m ruff format

wheel: venv ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

# Answers from the configuration of this machine (mirrors, extra indexes) must not get into the
# lock, so the resolver is run without it. Versions already locked stay unless asked otherwise.
lock: venv ## resolve pyproject.toml into requirements.lock, for every platform and Python at once
	env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
		$(BIN)/uv --no-config pip compile pyproject.toml --quiet --all-extras --group dev \
		--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links $(LOCK_OPTIONS) \
		--output-file requirements.lock >/dev/null

clean: ## remove what these commands made, except the database
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two marks, each a copy of what was installed, so that the usual start only compares three files.
# They are copies and not time stamps because a checkout sets the time of every file it touches.
venv:
	@set -e; \
	if ! $(BIN)/python -c '$(FITS)' 2>/dev/null; then \
		chosen=; \
		for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
			if "$$python" -c '$(FITS)' 2>/dev/null; then chosen=$$python; break; fi; \
		done; \
		if [ -z "$$chosen" ]; then \
			echo "Inflow needs Python 3.11, 3.12 or 3.13 with its venv module, and found none" \
				"as $(or $(PYTHON),python3). Install one (on Debian: apt install python3-venv)" \
				"or name it: make PYTHON=/path/to/python3.12" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$("$$chosen" --version)."; \
		"$$chosen" -m venv --clear $(VENV); \
	fi; \
	if ! cmp -s requirements.lock $(VENV)/installed.lock; then \
		echo "Installing what requirements.lock names. This happens once."; \
		$(PIP) --require-hashes --requirement requirements.lock; \
		cp requirements.lock $(VENV)/installed.lock; \
		rm -f $(VENV)/installed.project; \
	fi; \
	if ! { pwd; cat pyproject.toml; } | cmp -s - $(VENV)/installed.project; then \
		$(PIP) --no-deps --no-build-isolation --editable .; \
		{ pwd; cat pyproject.toml; } > $(VENV)/installed.project; \
	fi
