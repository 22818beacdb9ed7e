# Two commands for a newcomer: `make demo` and `make test`. Both do all the set-up they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= data/workspace

.PHONY: help demo test dashboard lint format check setup wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/installed ## Make the virtual environment with pinned dependencies

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Reelroom needs Python 3.11 or later: make PYTHON=python3.11")'
	@echo "Installing into $(VENV); this takes a few minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup ## Go the whole road on the sample film and the simulated viewing log
	$(BIN)/reel demo --sample data/sample --workspace $(WORKSPACE)

dashboard: setup ## Open the dashboard over the demo's workspace
	$(BIN)/reel dashboard --workspace $(WORKSPACE)

test: setup ## Run the tests
	$(BIN)/pytest

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test ## Check style and types, and run the tests

wheel: setup ## Build the wheel, into dist/
	$(BIN)/pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir dist .

clean: ## Remove the environment and what was built; workspaces stay
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
