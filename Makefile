# `make` lists the targets. Only Python 3.13 (or uv) and make have to be there; `.venv` gets the rest.

# The embedded PostgreSQL that `make run` and the tests use: 16 or 18.
PG ?= 18
# What stands between the stores and the database in the tests: nothing, or pgbouncer, in transaction mode.
POOLER ?=
# The section of samconfig.toml and the stage's name that `make deploy` uses.
STAGE ?= dev
# The functions' processor: arm64 or x86_64.
ARCHITECTURE ?= arm64
# More of the template's parameters for `make deploy`: 'DatabaseSecretArn=… EmailSender=…'.
PARAMETERS ?=
# More arguments for what the target runs: make test ARGS='-k pause'.
ARGS ?=

export POSTGRES_VERSION := $(PG)
export POOLER
export PYTHONPATH := $(CURDIR)/shared:$(CURDIR)
# `sam build` looks for a python3.13 on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# Q reaches the program through its environment, as it was typed: no shell and no make reads its quotes or dollars.
ifneq ($(origin Q),undefined)
override Q := $(value Q)
export Q
endif

PYTHON := .venv/bin/python
COMMIT = $(shell git describe --always --dirty 2>/dev/null || echo unknown)
HOST_ARCHITECTURE = $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
WHEELS = $(foreach tag,manylinux_2_28 manylinux_2_17 manylinux2014,$(tag)_$(if $(filter arm64,$(ARCHITECTURE)),aarch64,x86_64))
COMPILE = uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-annotate

.PHONY: help run sql restored openapi test test-fast check build sam-local deploy bench bench-peers lab soak mutants requirements clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without a bound each of the server's threads has an arena of its own, in which what large answers took stays.
run: .venv/.run ## start it here: embedded PostgreSQL, HTTP on 127.0.0.1:8000 (PORT), a tick every few seconds
	@MALLOC_ARENA_MAX=2 $(PYTHON) -m local $(ARGS)

sql: .venv/.run ## one statement against the running local database (Q='SELECT …'), or a prompt
	@$(PYTHON) -m local.sql

restored: .venv/.run ## after a restore or a copy: new ids for what is sent, and whose it is (STAGE=…, DATABASE_URL)
	@$(PYTHON) -m local.restored $(if $(filter file,$(origin STAGE)),,$(STAGE))

openapi: .venv/.run ## write docs/openapi.json anew
	@$(PYTHON) -m local.openapi

test: .venv/.dev ## all tests that need no Docker (PG=16 or 18, POOLER=pgbouncer, ARGS for pytest)
	@$(PYTHON) -m pytest $(if $(findstring .py,$(ARGS))$(filter -k,$(ARGS)),,$(AT_ONCE) -n 3) $(ARGS)

test-fast: .venv/.dev ## in half a minute: the unit tests, the scheduler, and a story through each way into the API
	@$(PYTHON) -m pytest $(AT_ONCE) -n 2 tests/unit tests/functions/test_scheduler.py \
	  tests/integration/test_http_flags.py::test_a_flag_that_becomes_true_completes_what_it_stops $(ARGS)

# A file's tests stay together, since they share what is dear to make, and the crash tests come first: they take longest
# and mostly wait, so that two processors have room for a third process beside them. Few tests start faster in one.
AT_ONCE := --dist loadfile --no-loadscope-reorder

check: .venv/.dev ## lint, format, types and the template for each set of parameters
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/sam validate --lint
	@.venv/bin/cfn-lint template.yaml
	@$(PYTHON) -m pytest -q tests/functions/test_template.py

# `sam build` drops byte code and Lambda cannot write any, so each cold start would compile. The hashes are unchecked,
# since the sources cannot change there; the paths are those that tracebacks shall show.
# pip is told the processor, because `sam build` would otherwise fetch another processor's wheels in a second step that
# checks no hashes.
build: .venv/.dev ## sam build for ARCHITECTURE, then byte code
	@PIP_ONLY_BINARY=:all: PIP_PLATFORM='$(WHEELS)' .venv/bin/sam build --parameter-overrides Architecture=$(ARCHITECTURE)
	@$(call byte_code,SharedLayer,/opt)
	@$(call byte_code,ApiFunction,/var/task)
	@$(call byte_code,SchedulerFunction,/var/task)
	@$(call byte_code,MigrateFunction,/var/task)
	@$(PYTHON) -m pytest tests/e2e/byte_code.py

byte_code = $(PYTHON) -m compileall -q --invalidation-mode unchecked-hash \
	-s .aws-sam/build/$(1) -p $(2) .aws-sam/build/$(1)

sam-local: ## build, then the main story in containers: API, scheduler and migrations on PostgreSQL
	@docker info >/dev/null 2>&1 || { echo 'make sam-local needs Docker, and none answers here' >&2; exit 1; }
	@$(MAKE) --no-print-directory build ARCHITECTURE=$(HOST_ARCHITECTURE)
	@$(PYTHON) -m tests.e2e.sam_local $(HOST_ARCHITECTURE)

deploy: build ## build, migrate STAGE, deploy it with PARAMETERS; fails if the migration fails
	@$(PYTHON) -m deploy.migrate $(STAGE) --ahead
	@.venv/bin/sam deploy --config-env $(STAGE) $(ARGS) --parameter-overrides \
		Stage=$(STAGE) CodeVersion=$(COMMIT) Architecture=$(ARCHITECTURE) $(PARAMETERS)
	@$(PYTHON) -m deploy.migrate $(STAGE)

bench: .venv/.run ## measure the engine (ARGS=--json prints JSON)
	@$(PYTHON) -m bench.engine $(ARGS)

bench-peers: .venv/.dev ## measure other engines the same way
	@$(PYTHON) -m bench.peers $(ARGS)

lab: .venv/.dev ## bad URLs, names, certificates and servers against the guarded HTTP client, as a table
	@$(PYTHON) -m tests.lab

soak: .venv/.dev ## kill and restart it over and over, then count what was lost or doubled
	@$(PYTHON) -m tests.crash.soak $(ARGS)

mutants: .venv/.dev ## break the code in many small ways and see the tests notice
	@$(PYTHON) -m tests.mutants $(ARGS)

# One resolution for everything; the smaller locks are cut from it, so that no two disagree.
requirements: .venv/.dev ## lock the *.in files again (ARGS=--upgrade for newer versions)
	@$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) requirements-run.in -c requirements-dev.txt -o requirements-run.txt
	@$(COMPILE) shared/requirements.in -c requirements-dev.txt -o shared/requirements.txt
	@$(COMPILE) functions/migrate/requirements.in -c requirements-dev.txt -o functions/migrate/requirements.txt

clean: ## remove the virtual environment, builds and caches; your data in .local/ stay
	@rm -rf .venv .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- The virtual environment. A stamp says that the lock file of its name is installed; `dev` holds all of `run`.

.venv/.run: requirements-run.txt .venv/.made
	@$(call install,$<)
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.made
	@$(call install,$<)
	@touch .venv/.run $@

install = echo 'installing $(1) into .venv …' >&2; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1)

# Debian's python3 may come without ensurepip, and a pyenv shim without its Python: only one that works counts.
.venv/.made:
	@for python in python3.13 python3; do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then \
	    $$python -m venv .venv && touch $@; exit; \
	  fi; \
	done; \
	if command -v uv >/dev/null; then \
	  uv venv --quiet --seed --allow-existing --python 3.13 .venv && touch $@; exit; \
	fi; \
	echo 'needs Python 3.13 with its venv module, or uv' >&2; exit 1
