# Everything a person or CI does here. Needs only make and Python 3.11 or newer.

.DEFAULT_GOAL := help
BIN := .venv/bin
WORKERS ?= 2
SECONDS ?= 300
export PYTHON

.PHONY: help set-up demo test check format docs bench fuzz test-faults test-peers lock clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

set-up: ## Make .venv with the locked development environment (the others do it by themselves)
	@sh scripts/set-up

demo: set-up ## Try koi: the full screen with the offline demo model, no key needed
	@$(BIN)/koi --demo

test: set-up ## Run all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: set-up ## Lint, formatting, types and the layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: set-up ## Mend formatting and what the linter can mend by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: set-up ## Write docs/reference/ again from the code
	@$(BIN)/python -m docs.generate

bench: set-up ## Measure start-up, imports, painting, decoding; beside a bare Textual program
	@$(BIN)/python -m bench

fuzz: set-up ## Try the decoders and parsers with foreign bytes for SECONDS=300
	@$(BIN)/python -m pytest -m fuzz -n $(WORKERS) --dist worksteal --fuzz-seconds $(SECONDS)

test-faults: set-up ## Play the whole matrix of faults to koi, and write its figures into docs/reliability.md
	@$(BIN)/python -m pytest tests/faults -m faults -n $(WORKERS) --dist worksteal --write-figures

test-peers: set-up ## Run the tests that need real servers and recordings (KOI_PEERS, KOI_WIRE)
	@$(BIN)/python -m pytest -m peers -rs

lock: set-up ## Choose the newest allowed versions of all dependencies anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --group dev --upgrade $(LOCK_OPTIONS) -o requirements-dev.lock
	@$(BIN)/uv pip compile pyproject.toml --constraint requirements-dev.lock $(LOCK_OPTIONS) -o requirements.lock

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

clean: ## Remove everything that was made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
