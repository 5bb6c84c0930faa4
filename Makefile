# Every target sets up what it needs; nothing is installed by hand.
# The first Python that runs and is of a supported version; a pyenv shim may be there and not run.
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3; do \
  $$one -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$one && break; done)
VENV := .venv
BIN := $(VENV)/bin
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --quiet --custom-compile-command "make lock"

.PHONY: demo test setup check lock kibana up down clean

demo: $(VENV)/.runtime
	$(BIN)/qianshao demo $(DEMO_ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

setup: $(VENV)/.dev

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# uv where it is present, pip otherwise; both check the hashes of the lock.
define install_lock
	@test -n "$(PYTHON)" || { echo '需要 Python 3.11 至 3.13（Python 3.11 to 3.13 is needed）' >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/build.txt -r $(1) && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements/build.txt -r $(1) && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
endef

$(VENV)/.runtime: requirements/base.txt requirements/build.txt pyproject.toml
	$(call install_lock,requirements/base.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/build.txt pyproject.toml
	$(call install_lock,requirements/dev.txt)
	@touch $@ $(VENV)/.runtime

# The development lock is compiled first; the others are held to its versions.
lock:
	uv pip compile $(LOCK_FLAGS) pyproject.toml --extra dev -o requirements/dev.txt
	uv pip compile $(LOCK_FLAGS) pyproject.toml -c requirements/dev.txt -o requirements/base.txt
	uv pip compile $(LOCK_FLAGS) pyproject.toml --extra postgres -c requirements/dev.txt -o requirements/postgres.txt
	uv pip compile $(LOCK_FLAGS) pyproject.toml --extra airflow -c requirements/dev.txt -o requirements/airflow.txt
	uv pip compile $(LOCK_FLAGS) pyproject.toml --extra celery -c requirements/dev.txt -o requirements/celery.txt
	uv pip compile $(LOCK_FLAGS) pyproject.toml --extra bench -c requirements/dev.txt -o requirements/bench.txt
	uv pip compile $(LOCK_FLAGS) requirements/build.in -o requirements/build.txt
	uv pip compile $(subst 3.11,3.12,$(LOCK_FLAGS)) requirements/kibana.in -o requirements/kibana.txt

# The dashboards, from YAML to what Kibana imports; only who changes them needs this, and Python 3.12.
kibana: .venv-kibana/.done
	.venv-kibana/bin/python schemas/kibana/build.py

.venv-kibana/.done: requirements/kibana.txt
	python3.12 -m venv .venv-kibana
	.venv-kibana/bin/python -m pip install --quiet --require-hashes -r requirements/kibana.txt
	@touch $@

# Everything at once, in containers; the pages open at localhost:5601 (Kibana), 8080 (Airflow), 8025 (mails), 8091.
up:
	$(PYTHON) deploy/make_secrets.py
	docker compose -f deploy/compose.yml up --build --detach

down:
	docker compose -f deploy/compose.yml down

clean:
	rm -rf $(VENV) .venv-demo .venv-kibana .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
