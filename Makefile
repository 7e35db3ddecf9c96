# Each target says in one line what it does; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
.DEFAULT_GOAL := help
# Every command is a new process: compiled modules, kept beside their sources, save each a second of work.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help venv demo bench chaos sandbox test check format guides pictures listen translations lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment is rebuilt only when the lock, the project file or the Python asked for has changed.
READY := $(VENV)/.ready-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

$(READY): requirements/dev.txt pyproject.toml
	@echo "Preparing the Python environment in $(VENV) (once; needs a package index) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q worker sandbox
	@touch $@

venv: $(READY)  ## create or refresh the environment from the hashed lock

demo: venv  ## run the main job on embedded servers, without any account (ARGS="--households 1000 --exit")
	@$(BIN)/courtoisie demo $(ARGS)

chaos: venv  ## break everything around a running town by a seed, and check the promises (ARGS="--seed 31")
	@$(BIN)/courtoisie chaos $(ARGS)

sandbox: venv  ## embedded servers and the Twilio stand-in alone, until Ctrl-C
	@$(BIN)/courtoisie sandbox $(ARGS)

# Most of the long tests wait for other processes: a few of them side by side, file by file, take a third of the time.
test: venv  ## the whole test suite
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: venv  ## speed as ratios against baselines, in one run (ARGS="--quick"); minutes, and the machine to itself
	@$(BIN)/python -m bench $(ARGS)

check: venv  ## ruff, mypy, import contracts, texts and campaigns
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/courtoisie check

format: venv  ## format the code and mend what ruff can mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

guides: venv  ## run the commands of docs/guides and write today's answers into them
	@$(BIN)/python -m sandbox.guide docs/guides/*.md

listen: venv  ## speak the scripts of calls into sound files and tell their length (needs Debian's espeak-ng)
	@$(BIN)/python -m sandbox.listening $(ARGS)

pictures: venv  ## take the pictures of README and the guides anew (needs chromium)
	@PICTURES_IN=docs/pictures $(BIN)/python -m pytest -q tests/browser/test_guides.py

translations: venv  ## renew the English catalogue from the French sentences
	@$(BIN)/pybabel -q extract --no-default-keywords -k _ -k ngettext:1,2 --no-location --sort-output --no-wrap \
		--project courtoisie -F worker/locale/babel.cfg -o $(VENV)/courtoisie.pot worker sandbox
	@$(BIN)/pybabel -q update --init-missing --ignore-pot-creation-date --ignore-obsolete --no-wrap \
		-i $(VENV)/courtoisie.pot -d worker/locale -D courtoisie -l en
	@$(BIN)/pybabel -q compile -d worker/locale -D courtoisie

lock: venv  ## resolve requirements/*.txt again (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --upgrade \
		pyproject.toml -o requirements/runtime.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --upgrade \
		--constraint requirements/runtime.txt --extra sandbox --group dev pyproject.toml -o requirements/dev.txt
	printf 'hatchling\neditables\n' | uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --constraint requirements/dev.txt - -o requirements/build.txt

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
