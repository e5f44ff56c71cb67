# Two commands do all the set-up: `make run` serves the page, `make test` passes every test.
# Everything goes into .venv; Debian parts are installed where apt-get is there and may be used, else named.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian parts: the German dictionary (matching across languages), a browser (tests only).
DEBIAN_RUN := dict-freedict-deu-eng
DEBIAN_TEST := $(DEBIAN_RUN) chromium
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test lint types bench faults fuzz clean help debian-run debian-test

help:
	@echo "make run    install, load the samples into an empty library, serve the page on 127.0.0.1:7860"
	@echo "make test   install, run every test"
	@echo "make lint   style, types, no secrets, no packages with known holes"
	@echo "make bench  make the figures of docs/benchmarks.md, some hours (PARTS='start scale', DATA=folder with gnad10k and beir, SHORT=1)"
	@echo "make faults kill, tear, fill and damage libraries, 50 seeded runs (RUNS=50); make test does a few"
	@echo "make fuzz   read broken documents of every format (SECONDS=60); what should not happen is saved under artifacts/"
	@echo "make clean  remove what the others made here (never a library)"

run: $(VENV)/installed debian-run
	$(BIN)/fundstelle serve --samples-if-empty

test: $(VENV)/installed-dev debian-test tests/web/node_modules
	$(BIN)/pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files -z | xargs -0 -r $(BIN)/detect-secrets-hook --disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString
	$(BIN)/python packaging/audit.py

bench: $(VENV)/installed-bench
	$(BIN)/python -m tests.benchmarks $(PARTS) $(if $(DATA),--data $(DATA)) $(if $(SHORT),--short)

faults: $(VENV)/installed-dev
	FAULT_RUNS=$(or $(RUNS),50) $(BIN)/pytest tests/faults

fuzz: $(VENV)/installed-dev
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis artifacts tests/web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch goes first: the plain name may resolve to a build with several GB of CUDA libraries.
$(VENV)/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once; a few minutes) ..."
	$(PIP) torch
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	@touch $@

# What the tests of the page take from npm (accessibility rules); without npm those tests are skipped.
tests/web/node_modules: tests/web/package.json tests/web/package-lock.json
	@command -v npm >/dev/null && npm ci --prefix tests/web --ignore-scripts --no-audit --no-fund --silent && touch $@ \
	|| echo "The accessibility tests are skipped: they want axe-core (npm ci --prefix tests/web --ignore-scripts)"

$(VENV)/installed-bench: $(VENV)/installed-dev
	$(PIP) --editable '.[bench,dev]'
	@touch $@

debian-run:
	@./packaging/debian-parts $(DEBIAN_RUN)

debian-test:
	@./packaging/debian-parts $(DEBIAN_TEST)
