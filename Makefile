# Every line below is a command a person could type, with .venv/bin on the PATH.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
.PHONY: run test proof lint ui clean lock

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# "true", for MLflow understands no other word.
export DO_NOT_TRACK := true
export KEDRO_DISABLE_TELEMETRY := 1
# Unpickling a model runs code; the models of this project hold no pickle.
export MLFLOW_ALLOW_PICKLE_DESERIALIZATION ?= false
export PYTHONUNBUFFERED := 1

PORT ?= 5000
ARGS ?=
SHARDS := $(sort $(wildcard tests/proofs/test_shard_*.py))
PROOFS = $(if $(SHARD),tests/proofs/test_shard_$(SHARD).py,$(SHARDS))

# Whoever sets MLFLOW_TRACKING_URI brings the store along; else it is one file beside this one.
ifndef MLFLOW_TRACKING_URI
STORE := mlflow.db
endif

run: .venv/installed $(STORE)
	kedro run $(ARGS)

# Two workers of one thread each: two cores are used, and the bytes do not depend on the machine's core count.
test: lint $(STORE)
	OMP_NUM_THREADS=1 pytest -m "not proof" -n 2 --dist loadfile --durations=15 $(ARGS)

proof: .venv/installed $(STORE)
	$(if $(PROOFS),pytest -m proof --durations=0 $(ARGS) $(PROOFS),@echo "No proofs yet: tests/proofs has no test_shard_*.py")

lint: .venv/installed
	ruff check .
	ruff format --check .
	pyright
	lint-imports

ui: .venv/installed $(STORE)
	@echo "MLflow: http://127.0.0.1:$(PORT)/#/experiments?workflowType=machine_learning"
	MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false mlflow ui --backend-store-uri "$${MLFLOW_TRACKING_URI:-$$(python -m ganops.tracking.tracking_store)}" --port $(PORT)

# What the next command makes again. Data, models and MLflow's store hold work, and stay.
clean:
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Needs uv on the PATH.
lock:
	uv pip compile --quiet pyproject.toml --extra sound --extra text --group dev --universal --generate-hashes --no-header --no-annotate -p 3.11 -o requirements.lock

.venv/installed: requirements.lock pyproject.toml
	@export PATH="$(SYSTEM_PATH)"; for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "ganops: expected Python 3.11, 3.12 or 3.13 with its venv module, received none on the PATH. Install one, or: make PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "Installing the locked packages into .venv: some minutes, once."; set -x; "$$found" -m venv .venv
	pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@

mlflow.db: | .venv/installed
	python -m ganops.tracking.tracking_store
