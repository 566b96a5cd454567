# Panku needs python3 (3.11 or newer) and make; the rest is set up into .venv on the first target that needs it.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := devices labels api web panku tests bench

SEEDS ?= 20

.PHONY: serve demo test test-deep check bench

serve: .venv/ready
	@$(BIN)/panku serve

demo: .venv/ready
	@$(BIN)/panku demo

test: .venv/ready
	@$(BIN)/python -m pytest -n auto --dist loadfile -q

# Walks from many seeds, each three times as far, and more generated cases: SEEDS=200 make test-deep
test-deep: .venv/ready
	@$(BIN)/python -m pytest -n auto -q -m "deep or hypothesis" --walk-seed 1-$(SEEDS) --walk-length 3 \
		--hypothesis-profile deep

check: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)

bench: .venv/ready
	@$(BIN)/python -m bench

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Panku needs Python 3.11 or newer.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@
