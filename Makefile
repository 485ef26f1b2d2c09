# Every target makes .venv first if it has to; the second time that costs nothing.
# Needs Python 3.11 or newer with pip, and git. PYTHON=... picks another interpreter, ARGS=... is handed on.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILED := build/compiled/.stamp
ON_COMPILED := PYTHONPATH="$(CURDIR)/build/compiled"
ARGS ?=
CODE := src tests $(wildcard examples tools benchmarks deploy)

# Without byte code every start compiles the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install compile serve test test-postgres test-routers test-failover check format bench example fuzz docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## Make .venv with everything the project needs

$(STAMP): pyproject.toml constraints.txt tools/make_venv.sh
	@PYTHON="$(PYTHON)" tools/make_venv.sh $(VENV)
	@touch $@

compile: $(STAMP) ## Compile the modules that every request runs through, where there is a C compiler
	@$(BIN)/python -m tools.compile

$(COMPILED): $(STAMP) tools/compile.py $(shell find src -type f -not -name '*.pyc')
	@$(BIN)/python -m tools.compile

serve: $(COMPILED) ## Start a server on http://127.0.0.1:8000 (ARGS="--port 9000")
	@$(ON_COMPILED) exec $(BIN)/stator serve $(ARGS)

test: $(STAMP) ## Run all tests on three workers
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

# What starts servers, once more on the other engine; tests/storage runs on every engine anyway.
ON_POSTGRES := tests/operations tests/serializable tests/crash/test_server_kill.py tests/delivery

test-postgres: $(COMPILED) ## Run the tests of servers, compiled, with PostgreSQL under them (Debian's package postgresql)
	@$(ON_COMPILED) STATOR_TEST_STORE=postgres $(BIN)/python -m pytest -n 2 --dist loadfile $(ON_POSTGRES) $(ARGS)

test-routers: $(STAMP) ## Kill and stop routers over one PostgreSQL under load, fifty times (ten minutes)
	@STATOR_ROUTER_KILLS=50 $(BIN)/python -m pytest -s tests/routers/test_kills.py $(ARGS)

test-failover: $(STAMP) ## Kill a PostgreSQL cluster's primary under load (etcd, Patroni; two minutes)
	@mkdir -p build
	@STATOR_FAILOVER_REPORT=build/failover.json $(BIN)/python -m pytest tests/failover $(ARGS)

check: $(STAMP) ## Lint, types, import contracts, sizes, stale tables
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --verbose --config pyproject.toml > $(VENV)/contracts.txt || { cat $(VENV)/contracts.txt; exit 1; }
	@$(BIN)/python -m pytest tests/architecture

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(COMPILED) ## Measure this build (ARGS="--help")
	@$(ON_COMPILED) $(BIN)/python -m benchmarks $(ARGS)

example: $(STAMP) ## Load the Debian package index and ask it questions
	@$(BIN)/python -m examples.packages $(ARGS)

fuzz: $(COMPILED) ## Throw random requests at a server until it breaks
	@$(ON_COMPILED) $(BIN)/python -m tests.fuzz $(ARGS)

docs: $(STAMP) ## Write the generated tables of docs/ anew
	@$(BIN)/python -m tools.tables

clean: ## Remove what can be made again
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
