# Every target that needs the environment makes it first; nothing but Python >= 3.11 and pip is asked of the machine.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# The lock is complete, so nothing is left to resolve; modules are compiled when they are first used.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off --no-compile --no-deps

# Without bytecode each command would spend a second or two on parsing its libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint nightly lock figures docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

demo: $(READY) ## compare all strategies in an office of 500 (the main job)
	$(BIN)/lastclick compare

test: lint ## lint, types, tests
	$(BIN)/pytest -n 2 -m "not nightly"

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

nightly: $(READY) ## the long checks
	$(BIN)/pytest -n 2 -m nightly

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock

figures: $(READY) ## the pictures of README (needs Chromium and nginx)
	$(BIN)/lastclick compare which_timeout --replications 20 --out build/timeout --quiet
	$(BIN)/lastclick recommend which_timeout --out build/timeout --quiet
	$(BIN)/lastclick figures build/timeout --out docs --only comparison --screenshots
	$(BIN)/lastclick compare office --replications 20 --out build/office --quiet
	$(BIN)/lastclick figures build/office --out docs --only comparison
	PYTHONPATH=.:tests $(BIN)/python docs/make_pictures.py live probe

docs: $(READY) ## the documentation site, in build/site
	$(BIN)/python -m sphinx --fail-on-warning --quiet -b html docs build/site
	@echo build/site/index.html

clean: ## remove the environment and caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

# The stamp is written last, so an interrupted set-up is not taken as good. What pip says is kept, and shown if it fails.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv (one to three minutes)"
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@{ $(PIP) --require-hashes -r requirements.lock && $(PIP) --no-build-isolation -e . ; } >.venv/pip.log 2>&1 || { cat .venv/pip.log >&2; exit 1; }
	@$(BIN)/python -c "import sim.cli"
	@touch $(READY)
