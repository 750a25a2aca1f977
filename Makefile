# One door for people, hooks and CI. `make` alone lists the targets.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# the lock files are whole: no dependency is looked up, so a newer release of one changes nothing
PIP := $(BIN)/pip --disable-pip-version-check --quiet
export PIP_REQUIRE_VIRTUALENV := true

.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt e2e bench promql golden soak docs dist page clean

help: ## this list
	@grep -E '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Barograph needs Python 3.11 or newer; make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.packages: requirements/runtime.txt requirements/build.txt requirements/node.txt | $(BIN)/python
	@echo "setting up $(VENV)"
	@$(PIP) install --no-deps --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --require-hashes -r requirements/build.txt
	@$(BIN)/python tools/build_page.py --has-node || $(PIP) install --no-deps --require-hashes -r requirements/node.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/.packages pyproject.toml
	@$(BIN)/python tools/build_page.py
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@# the name comes before that of coverage's own, which needs it
	@echo "$(CURDIR)/tests/measuring" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/a0_barograph_measuring.pth"
	@touch $@

page: $(VENV)/.packages
	@$(BIN)/python tools/build_page.py

setup: $(VENV)/.runtime page ## the virtual environment .venv and the page

run: setup ## barograph serve with data in ./data; ARGS= passes flags
	@exec $(BIN)/barograph serve --data ./data $(ARGS)

T ?=
# what starts servers keeps one worker busy, all else goes to the others (tests/conftest.py)
WORKERS := $(if $(T),,-n logical --maxprocesses=4)
COVERAGE := $(if $(T),,--cov --cov-report=term:skip-covered --cov-fail-under=90)
test: setup $(VENV)/.dev ## every test that this machine can run, or T=path
	@$(if $(T),,$(BIN)/python tools/build_page.py npm test --silent)
	@$(BIN)/pytest $(COVERAGE) $(WORKERS) $(T)

check: setup $(VENV)/.dev ## format check, lint, types, import contracts, docs against code
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -q tests/contract
	@$(BIN)/python tools/build_page.py npm run check --silent

fmt: $(VENV)/.dev ## format, and mend what the linter can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

e2e: setup $(VENV)/.dev ## the tests with real processes, peers and a browser
	@$(BIN)/pytest -m e2e tests

B ?=
bench: setup $(VENV)/.dev ## benchmarks beside their references, or B=name
	@for f in $(if $(B),benchmarks/bench_$(B).py,$(wildcard benchmarks/bench_*.py)); do echo "== $$f"; $(BIN)/python $$f || exit 1; done

FILES ?= $(wildcard tests/promql/*.test)
promql: setup $(VENV)/.dev ## runs promqltest scripts, FILES="..."
	@$(BIN)/python tools/promqltest.py $(FILES)

golden: setup ## the collectors over a tree beside node_exporter's answer; TREE= EXPECTED= OPTIONS=
	@$(BIN)/python tools/golden.py $(if $(TREE),--tree $(TREE)) $(if $(EXPECTED),--expected $(EXPECTED)) $(if $(OPTIONS),--options $(OPTIONS))

S ?=
soak: setup $(VENV)/.dev ## the long reliability runs, or S=name
	@for f in $(if $(S),tools/soak_$(S).py,$(wildcard tools/soak_*.py)); do echo "== $$f"; $(BIN)/python $$f || exit 1; done

docs: setup $(VENV)/.dev ## regenerates what docs take from code and measurements
	@for f in tools/gen_*.py; do $(BIN)/python $$f || exit 1; done

dist: setup $(VENV)/.dev ## wheel and sdist, both with the built page inside
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## removes what was built (not ./data)
	@rm -rf $(VENV) dist src/barograph/web/static web/node_modules .mypy_cache .ruff_cache .pytest_cache .coverage*
