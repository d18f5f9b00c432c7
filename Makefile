# catnet: every task is one `make` target, and each target prepares what it needs in .venv by itself.
#
#   PYTHON=python3.12 make test     choose the interpreter that .venv is made from (3.11 or newer)
#   JOBS=8 make test                choose how many test processes run side by side (2 by default)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:            # the targets share one .venv
.PHONY: help demo test test-all lint fmt docs playground bench clean

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?=
JOBS   ?= 2
DIGITS := examples/digits

PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
CAT_FILES = $(shell find examples catnet/std -name '*.cat' 2>/dev/null | LC_ALL=C sort)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='	' read -r target what; do printf 'make %-10s %s\n' "$$target" "$$what"; done

# --- what people come for ----------------------------------------------------------------------------------

demo: $(VENV)/.stamp-demo ## check, show and train the digit classifier written in catnet
	@echo "==> check $(DIGITS)/digits.cat"
	@$(BIN)/catnet check $(DIGITS)/digits.cat
	@echo "==> show the classifier that it specifies"
	@$(BIN)/catnet show $(DIGITS)/digits.cat classifier
	@echo "==> compile it to PyTorch and train it"
	@$(BIN)/python $(DIGITS)/train.py

test: $(VENV)/.stamp-dev ## run the doctests and the test suite, without the slow tests
	@echo "==> run the examples in the docstrings"
	@CATNET_HYPOTHESIS=$${CATNET_HYPOTHESIS:-ci} $(BIN)/python -m pytest -q --doctest-modules catnet || [ $$? -eq 5 ]
	@echo "==> run the test suite ($(JOBS) processes)"
	@CATNET_HYPOTHESIS=$${CATNET_HYPOTHESIS:-ci} $(BIN)/python -m pytest -q -n $(JOBS)

test-all: $(VENV)/.stamp-dev ## run every test, the slow ones too, with many more random cases
	@echo "==> run the examples in the docstrings"
	@$(BIN)/python -m pytest -q --doctest-modules catnet || [ $$? -eq 5 ]
	@echo "==> run every test ($(JOBS) processes)"
	@CATNET_HYPOTHESIS=$${CATNET_HYPOTHESIS:-thorough} $(BIN)/python -m pytest -q -n $(JOBS) -m ''

lint: $(VENV)/.stamp-dev ## check style, formatting and types, of Python and of .cat files
	@echo "==> ruff: style"
	@$(BIN)/ruff check --quiet .
	@echo "==> ruff: formatting"
	@$(BIN)/ruff format --quiet --check . || { echo "the files above are not formatted: run 'make fmt'" >&2; exit 1; }
	@echo "==> mypy: types"
	@$(BIN)/mypy --no-error-summary
	@echo "==> catnet: formatting of $(words $(CAT_FILES)) .cat files"
	@$(if $(CAT_FILES),$(BIN)/catnet fmt --check $(CAT_FILES))

fmt: $(VENV)/.stamp-dev ## format Python and .cat files in place
	@echo "==> format"
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(if $(CAT_FILES),$(BIN)/catnet fmt $(CAT_FILES))

docs: $(VENV)/.stamp-dev ## build the documentation in docs/_build/html; a warning is an error
	@$(BIN)/sphinx-build --quiet --fail-on-warning docs docs/_build/html
	@echo "==> open docs/_build/html/index.html"

playground: $(VENV)/.stamp-demo ## build the playground, a static page that runs catnet in the browser
	@echo "==> build the playground (its Python comes from the npm registry)"
	@$(BIN)/python docs/playground/build.py

bench: $(VENV)/.stamp-dev ## measure speed and size on this machine
	@$(BIN)/python -m benchmarks

clean: ## remove caches and build output (.venv stays)
	@rm -rf build dist docs/_build docs/generated .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# --- set-up --------------------------------------------------------------------------------------------------
# A stamp says that a step is done; it is made again when pyproject.toml or constraints.txt changes.

$(VENV)/.stamp-demo: $(VENV)/.stamp-venv pyproject.toml constraints.txt
	@echo "==> install catnet and what its examples need (PyTorch is large: this can take minutes)"
	@$(PIP) --editable '.[examples]'
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-venv pyproject.toml constraints.txt
	@echo "==> install catnet and its development tools (PyTorch is large: this can take minutes)"
	@$(PIP) --editable '.[dev,docs,examples,onnx,pictures,weights,references]'
	@$(PIP) --no-deps timm
	@touch $@ $(VENV)/.stamp-demo

$(VENV)/.stamp-venv:
	@if [ -x $(BIN)/python ] && $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	 then touch $@; exit 0; fi; \
	 python=; \
	 for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	   if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	   then python=$$candidate; break; fi; \
	 done; \
	 if [ -z "$$python" ]; then \
	   echo "catnet needs Python 3.11 or newer, and found none (tried: $(or $(PYTHON),python3 python3.13 python3.12 python3.11)); set PYTHON=/path/to/python" >&2; \
	   exit 1; \
	 fi; \
	 if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	   package=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	   if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	     echo "==> install the system package $$package, without which $$python makes no virtual environment"; \
	     export DEBIAN_FRONTEND=noninteractive; \
	     { apt-get update -qq && apt-get install -y -qq "$$package"; } >/dev/null || { \
	       echo "apt-get could not install $$package; install it by hand and run make again" >&2; exit 1; }; \
	   else \
	     echo "$$python makes no virtual environment: install the system package $$package (apt-get install $$package), then run make again" >&2; \
	     exit 1; \
	   fi; \
	 fi; \
	 echo "==> make a virtual environment in $(VENV) with $$("$$python" --version)"; \
	 "$$python" -m venv --clear $(VENV) && touch $@
