# `make demo` shows the whole way, `make test` proves it; both bring what they need.

PYTHON ?= python3
RUN := .venv/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check install -qq --require-hashes
PIN := .venv/bin/uv pip compile -q --no-config --universal --generate-hashes --python-version 3.11 --upgrade \
	--custom-compile-command "make requirements"
POSTGRESQL := command -v initdb || ls /usr/lib/postgresql/*/bin/initdb
CHROMIUM := command -v chromium || command -v chromium-browser || command -v google-chrome
OSV ?= https://api.osv.dev/v1/query
# CVE-2017-14158: Scrapy of whatever version, where it keeps files in S3. Nothing here has it do so.
LEFT_OUT := PYSEC-2017-83
APT := DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends

.PHONY: help demo test check bench attacks fuzz soak requirements dependencies audit clean postgresql chromium
.DELETE_ON_ERROR:

help:
	@grep -E '^[a-z]+:.*#' Makefile | sed -E 's/:[^#]*# */\t/' | expand -t 14

demo: .venv/installed # crawl an invented shop and freeze a dataset
	@$(RUN) tdcrawl.demo

test: .venv/installed-dev postgresql chromium # run every test, on servers of their own
	@$(RUN) pytest -q -n auto --dist loadgroup

check: .venv/installed-dev # lint, format, types, the import ladder and the house rules
	@$(RUN) ruff check -q
	@$(RUN) ruff format --check -q
	@$(RUN) mypy --no-error-summary
	@$(RUN) pytest -q tests/test_house.py

bench: .venv/installed-dev # measure the figures of the README
	@for script in $$(grep -l __main__ benchmarks/*.py); do echo "== $$script"; .venv/bin/python $$script || exit; done

attacks: .venv/installed-dev postgresql chromium # try every attack, and write the table of docs/security.md
	@$(RUN) pytest -q -n auto -m attack --write-attacks

fuzz: .venv/installed-dev # look for inputs that break a reader, and keep them in tests/corpus; SECONDS=3600 for longer
	@$(RUN) tests.fuzzing --seconds $(or $(SECONDS),60)

soak: .venv/installed-dev # kill crawls 200 times at random; KILLS=2000 for hours
	@.venv/bin/python benchmarks/soak.py --kills $(or $(KILLS),200)

requirements: .venv/installed-dev # pin the newest version of everything, with hashes
	@$(PIN) requirements.in -o requirements.txt
	@$(PIN) requirements-dev.in -o requirements-dev.txt

dependencies: .venv/installed-dev # write the list of docs/dependencies.md, with reasons and licences
	@$(RUN) tests.dependencies

audit: .venv/installed-dev # ask OSV for known holes in what is pinned; needs the network, OSV=URL for another server
	@$(RUN) pip_audit --strict --disable-pip --require-hashes --progress-spinner off \
		--vulnerability-service osv --osv-url $(OSV) $(LEFT_OUT:%=--ignore-vuln %) -r requirements-dev.txt

clean: # remove what was built, but nothing that was collected
	@rm -rf .venv build dist *.egg-info .*_cache .hypothesis
	@find tdcrawl tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# A stamp is written last, so that an install that was cut off is made again. A new pin makes a new .venv: packages
# that are no longer needed would stay in the old one.
.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'tdcrawl needs Python 3.11 or newer: make PYTHON=python3.11 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo 'Python lacks venv: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing into .venv (about a minute) …'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo 'Installing what checks and tests need …'
	@$(PIP) -r requirements-dev.txt
	@touch $@

postgresql:
	@{ $(POSTGRESQL); } >/dev/null 2>&1 || [ "$$(id -u)" = 0 ] || \
		{ echo 'The tests need PostgreSQL: sudo apt-get install postgresql' >&2; exit 1; }
	@{ $(POSTGRESQL); } >/dev/null 2>&1 || { apt-get update -qq && $(APT) postgresql >/dev/null; }

chromium:
	@{ $(CHROMIUM); } >/dev/null 2>&1 || [ "$$(id -u)" = 0 ] || \
		{ echo 'The tests need Chromium: sudo apt-get install chromium' >&2; exit 1; }
	@{ $(CHROMIUM); } >/dev/null 2>&1 || { apt-get update -qq && $(APT) chromium >/dev/null; }
