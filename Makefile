# What a newcomer needs is `make run` and `make test`; both install what they need into .venv.
# Every path is relative: make cannot handle a checkout with a space in its path otherwise.

PYTHON3 ?= python3
PYTHON := .venv/bin/python
# Started through the interpreter: the scripts of a .venv stop working when the checkout moves.
LOCAL := $(PYTHON) -m ticketmgr.local
EXEC := $(LOCAL) exec --
# Two test processes, each with a database of its own; ARGS may say otherwise, e.g. ARGS="-n 0 -k gate".
TEST_PROCESSES := 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test browser demo scan gate check lint format types imports migrations openapi schema \
	messages bench bench-scale bench-on-sale bench-workers bench-lists clean reset python install install-dev

help: ## List these targets
	@echo "Ticket Manager. Start with: make run"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: install ## Serve the whole application on this machine (PORT=8000)
	@exec $(LOCAL) serve

test: install-dev ## Run the tests (ARGS="-k word" chooses some)
	@exec $(EXEC) $(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist loadgroup $(ARGS)

browser: install-dev ## Test the pages alone, in Chromium; pictures go to var/screenshots
	@exec $(EXEC) $(PYTHON) -m pytest -n 1 tests/browser $(ARGS)

demo: install ## Play a day at the gate against the running `make run`
	@exec $(EXEC) sh -c 'exec $(PYTHON) -m ticketmgr.local.story --base-url "http://127.0.0.1:$$PORT"'

scan: install ## Print a ready curl command that scans a fresh code
	@exec $(EXEC) sh -c 'exec $(PYTHON) manage.py print_welcome --curl-only --base-url "http://127.0.0.1:$$PORT"'

gate: install ## Print a link that pairs a browser with the demo gate
	@exec $(EXEC) sh -c 'exec $(PYTHON) manage.py print_welcome --gate-only --base-url "http://127.0.0.1:$$PORT"'

check: lint types imports migrations schema test ## All that continuous integration checks

lint: install-dev ## Style
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

format: install-dev ## Rewrite the code in the house style
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

bench: install ## Measure a scan: pgbench, a bare view, the real one (ARGS="--rounds 3")
	@exec $(EXEC) $(PYTHON) -m bench gate $(ARGS)

bench-scale: install ## Is a scan as fast among ten million?
	@exec $(EXEC) $(PYTHON) -m bench scale $(ARGS)

bench-on-sale: install ## 64 clients, one event of 5,000 seats
	@exec $(EXEC) $(PYTHON) -m bench on-sale $(ARGS)

bench-lists: install ## How long does a page of two million registrations take?
	@exec $(EXEC) $(PYTHON) -m bench lists $(ARGS)

bench-workers: install ## The same scans under other workers and threads
	@exec $(EXEC) $(PYTHON) -m bench workers $(ARGS)

types: install-dev ## Types, strict
	@$(EXEC) $(PYTHON) -m mypy .

imports: install-dev ## Direction of imports
	@$(EXEC) $(PYTHON) .venv/bin/lint-imports

migrations: install-dev ## Do the migrations match the models?
	@$(EXEC) $(PYTHON) manage.py makemigrations --check --dry-run

openapi: install-dev ## Regenerate docs/openapi.yaml
	@$(EXEC) $(PYTHON) manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn

schema: install-dev ## Does docs/openapi.yaml match the code?
	@$(EXEC) $(PYTHON) manage.py spectacular --file var/openapi.yaml --validate --fail-on-warn
	@diff -u docs/openapi.yaml var/openapi.yaml || { echo "Run: make openapi" >&2; exit 1; }

messages: install-dev ## Collect the words of the pages into web/locale, and compile them
	@$(EXEC) $(PYTHON) manage.py collect_messages

clean: ## Remove .venv, collected files and caches; keep the database and its keys
	@echo "Removing .venv, var/static, var/*.log and the caches of the tools; the database stays."
	@if $(PYTHON) -c '' 2>/dev/null; then $(LOCAL) stop; fi
	@rm -rf .venv var/static var/*.log .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: ## Remove the local database and its keys, for an empty start
	@echo "Removing var: the local database, its keys and logs."
	@if $(PYTHON) -c '' 2>/dev/null; then $(LOCAL) stop; fi
	@rm -rf var

install: python
	@"$(PYTHON3)" ticketmgr/local/install.py requirements.txt

install-dev: python
	@"$(PYTHON3)" ticketmgr/local/install.py requirements-dev.txt

python:
	@command -v "$(PYTHON3)" >/dev/null || { \
		echo "There is no $(PYTHON3); install Python 3.11 or newer, on Debian and Ubuntu:" \
			"apt install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON3)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$("$(PYTHON3)" --version 2>&1) is too old: choose 3.11 or newer," \
			"for example: make run PYTHON3=python3.13" >&2; exit 1; }
