# Panku needs python3 (3.11 or newer) and make; the rest is set up into .venv on the first target that needs it.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := devices labels api web panku tests bench torture

SEEDS ?= 20
KILLS ?= 20

# Only wheels: nothing that a package brings is run to install it. `make serve WHEELS=` builds what has none.
WHEELS := --only-binary :all:
INSTALL := pip install -qq --disable-pip-version-check
LOCKED := $(INSTALL) --no-deps --no-compile --require-hashes $(WHEELS) --requirement
REFUSED := { echo 'Panku is not set up; docs/dependencies.md tells where a package has no wheel, and what then.' >&2; exit 1; }

.PHONY: serve demo test test-deep check bench torture lock sbom

serve: .venv/compiled
	@$(BIN)/panku serve

demo: .venv/compiled
	@$(BIN)/panku demo

# Its own bytecode first: the tests start Panku some hundred times, and it would be compiled anew each time where the
# environment forbids Python to keep it. So would the tests, with what pytest makes of each assertion.
test: .venv/testing
	@$(BIN)/python -m compileall -qq -j 0 $(SOURCES)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --every-statement -q

# Walks from many seeds, each three times as far, and more generated cases: SEEDS=200 make test-deep
test-deep: .venv/testing
	@$(BIN)/python -m pytest -n auto -q -m "deep or hypothesis" --every-engine --walk-seed 1-$(SEEDS) --walk-length 3 \
		--hypothesis-profile deep

check: .venv/testing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)

bench: .venv/testing
	@$(BIN)/python -m bench

# What the world does, done on purpose, on both engines: some minutes; KILLS=1000 fill a night.
torture: .venv/testing
	@PYTHONWARNINGS=ignore::UserWarning:multiprocessing.resource_tracker $(BIN)/python -m torture --kills $(KILLS)

# An installer of the lock's own first: Python's may be years old, and takes twice as long. The project itself is built
# by the setuptools that the lock has just brought, and by nothing else.
.venv/serving: pyproject.toml locks/installing.txt locks/serving.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Panku needs Python 3.11 or newer.")'
	@echo 'Setting up .venv.' >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m $(LOCKED) locks/installing.txt || $(REFUSED)
	@$(BIN)/python -m $(LOCKED) locks/serving.txt || $(REFUSED)
	@$(BIN)/python -m $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# On every core: pip would use one, and the server's first start would compile in each of its processes.
.venv/compiled: .venv/serving
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@

.venv/testing: .venv/serving locks/testing.txt
	@echo 'Adding the tools of the tests to .venv.' >&2
	@$(BIN)/python -m $(LOCKED) locks/testing.txt || $(REFUSED)
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@

# Names, versions and hashes for every platform, written anew from pyproject.toml. The versions stay as they are where
# they still fit; `make lock NEWER=--upgrade` takes the newest. Nothing is built or run to learn what a package needs.
NEWER :=
UV := build/locking/bin/uv
COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --no-annotate --custom-compile-command 'make lock' $(NEWER)

lock: build/locking/ready
	@$(COMPILE) --group lock --output-file locks/locking.txt
	@$(COMPILE) --group install --output-file locks/installing.txt
	@$(COMPILE) --group bill --output-file locks/billing.txt
	@$(COMPILE) pyproject.toml --group build --output-file locks/serving.txt
	@$(COMPILE) pyproject.toml --group build --extra test --constraint locks/serving.txt --output-file locks/testing.txt

build/locking/ready: locks/locking.txt
	@$(PYTHON) -m venv build/locking
	@build/locking/bin/python -m $(LOCKED) locks/locking.txt
	@touch $@

# The bill of materials of what serves: CycloneDX JSON from the lock, the same bytes for the same lock.
sbom: build/billing/ready
	@build/billing/bin/python locks/bill.py > build/sbom.cdx.json
	@echo 'build/sbom.cdx.json' >&2

build/billing/ready: locks/billing.txt
	@$(PYTHON) -m venv build/billing
	@build/billing/bin/python -m $(LOCKED) locks/billing.txt
	@touch $@
