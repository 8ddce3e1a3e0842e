# Thin: every target readies .venv (setup_env.py) and calls one command. Relative paths only, so
# that a folder with spaces or accents works. Without make: python3 setup_env.py, then the command.

PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && exit; done; echo python3)
ifeq ($(OS),Windows_NT)
PY := .venv/Scripts/python
else
PY := .venv/bin/python
endif
CX := $(PY) -m cxlib

ENG ?= demo
ARGS ?=
unexport PYTHONPATH PYTHONHOME
test bench: export OMP_NUM_THREADS = 1
test bench: export MPLBACKEND = Agg

.DEFAULT_GOAL := help
.PHONY: help ready demo test new check run lab notebooks lint lock bench audit data-dictionary

help:  ## esta lista / this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

ready:
	@$(PYTHON) setup_env.py

demo: ready  ## los informes de la empresa de muestra / the reports of the sample company
	@$(CX) demo $(ARGS)

new: ready  ## proyecto nuevo / new engagement: make new NAME=acme-2026
	@$(CX) new "$(NAME)" $(ARGS)

check: ready  ## revisa los datos de / checks the data of: make check ENG=acme-2026
	@$(CX) check "$(ENG)" $(ARGS)

run: ready  ## cuadernos e informes de / notebooks and reports of: make run ENG=acme-2026
	@$(CX) run "$(ENG)" $(ARGS)

lab: ready  ## abre en JupyterLab / opens in JupyterLab: make lab ENG=acme-2026
	@$(CX) lab "$(ENG)" $(ARGS)

test: ready  ## todas las pruebas / every test: make test ARGS="-k gaps"
	@$(PY) -m pytest -n auto --dist loadgroup $(ARGS)

lint: ready  ## estilo y tipos / style and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

notebooks: ready  ## notebooks/en a partir de / from notebooks/es
	@$(PY) -m cxlib.pipeline.languages $(ARGS)

data-dictionary: ready  ## data/README.md a partir del código / from the code
	@$(PY) -c "from pathlib import Path; from cxlib.intake.dictionary import dictionary_markdown; \
	Path('data/README.md').write_text(dictionary_markdown(), 'utf-8', newline='\n')"

bench: ready  ## los nuestros y un rival / ours and a rival
	@$(PY) benchmarks $(ARGS)

audit: ready  ## avisos de seguridad del conjunto fijado (con red) / advisories on the locked set
	@$(PY) .ci/audit.py

lock: ready  ## fija de nuevo las versiones (con red) / locks the versions again
	@$(PY) .ci/lock.py
