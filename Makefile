# OpsSight. `make` lists the targets.
#   PORT=8001 make demo              another port
#   PYTHON=/path/to/python3.12 …     another Python for .venv
#   DATABASE_URL=… REDIS_URL=… …     servers of your own instead of the embedded ones
#   make test ARGS="-k work_order"   arguments for pytest

SHELL = /bin/sh
PY = .venv/bin/python
RUN = $(PY) -m opssight.runtime run --
SOURCES = opssight assets maintenance telemetry anomalies forecasts notifications
ARGS =

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL = help
.SUFFIXES:

.PHONY: help
help: ## list the targets
	@awk -F ':[^#]*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

.PHONY: install
install: .venv/.installed ## make .venv and install the locked packages

.venv/.installed: requirements.lock
	@PYTHON='$(PYTHON)' sh opssight/runtime/install.sh

.PHONY: assets
assets: install ## build the front-end files into static/vendor
	@$(PY) -m opssight.runtime.frontend

.PHONY: demo
demo: install assets ## start everything with a demo plant (Ctrl-C stops it)
	@exec $(PY) -m opssight.runtime up

.PHONY: demo-reset
demo-reset: install ## delete the demo's data
	@exec $(PY) -m opssight.runtime reset

.PHONY: test
test: install ## run the tests on a throw-away PostgreSQL and Valkey
	@$(RUN) $(PY) -m pytest -n auto $(ARGS)

.PHONY: test-timescale
test-timescale: install ## run the migrations and time-series queries on a TimescaleDB
	@$(PY) -m opssight.runtime timescale -- $(PY) -m pytest -m timescale tests/timescale $(ARGS)

.PHONY: test-crawl
test-crawl: install ## walk every page and endpoint, and what takes seconds: stored markup, whole years, a generated client
	@$(RUN) $(PY) -m pytest -n auto -m crawl tests $(ARGS)

.PHONY: test-isolation
test-isolation: install ## ask every route as every role for another tenant's rows
	@$(RUN) $(PY) -m pytest -n auto -m isolation tests/isolation tests/walls $(ARGS)

.PHONY: test-browser
test-browser: install assets ## drive the pages with Chromium
	@$(RUN) $(PY) -m pytest -n auto -m browser tests $(ARGS)

.PHONY: test-kill
test-kill: install assets ## start, stop and kill the whole product
	@$(RUN) $(PY) -m pytest -m "runtime or kill" tests $(ARGS)

.PHONY: fuzz
fuzz: install ## try to break the API as each role (ARGS="--short --seed 1", ARGS="planner")
	@$(RUN) $(PY) -m tests.fuzz $(ARGS)

.PHONY: audit
audit: install ## look the locked packages up in the database of known vulnerabilities
	@$(PY) -m opssight.runtime.audit

.PHONY: lint
lint: install ## ruff, djlint, import contracts, yamllint
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m djlint --quiet --check --lint templates $(SOURCES)
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	@$(PY) -m yamllint --strict .

.PHONY: types
types: install ## mypy, strict
	@$(PY) -m mypy manage.py $(SOURCES) tests benchmarks

.PHONY: migrations-check
migrations-check: install ## every change of a model has its migration
	@$(RUN) $(PY) manage.py makemigrations --check --dry-run

.PHONY: openapi
openapi: install ## write the API's schema into docs/reference/openapi.yaml
	@$(RUN) $(PY) manage.py spectacular --fail-on-warn --validate --file docs/reference/openapi.yaml

.PHONY: lock
lock: ## resolve pyproject.toml again into requirements.lock (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--python-version 3.11 pyproject.toml --group embedded --group dev -o requirements.lock

.PHONY: bench
bench: install ## run the benchmarks
	@for file in benchmarks/[a-z]*.py; do \
		$(RUN) $(PY) -m "benchmarks.$$(basename "$$file" .py)" || exit 1; done

.PHONY: bench-ingest
bench-ingest: install ## how fast readings come in over HTTP, beside a bare COPY (ARGS="--batches 100")
	@$(RUN) $(PY) -m benchmarks.ingest $(ARGS)

.PHONY: bench-mqtt
bench-mqtt: install ## how fast readings come in by MQTT, beside a bare COPY (needs mosquitto)
	@$(RUN) $(PY) -m benchmarks.mqtt $(ARGS)

.PHONY: bench-trends
bench-trends: install ## how often slow trends are seen in noise, and how steep one must be
	@$(PY) -m benchmarks.slow_trends

.PHONY: bench-anomaly
bench-anomaly: install ## how well the detectors find labelled faults, beside published figures
	@$(PY) -m benchmarks.anomaly_series
	@$(PY) -m benchmarks.anomaly_labels
	@$(PY) -m benchmarks.anomaly_assets --tuning
	@$(PY) -m benchmarks.simulated_plant --seeds 2
	@$(PY) -m benchmarks.machine_refits

.PHONY: bench-scoring
bench-scoring: install ## how long a beat of scoring takes for 10,000 sensors, with its database
	@$(RUN) $(PY) -m benchmarks.scoring_job $(ARGS)

.PHONY: bench-forecast
bench-forecast: install ## how good forecasts, remaining lives and failure probabilities are
	@$(PY) -m benchmarks.forecast_accuracy $(ARGS)
	@$(PY) -m benchmarks.forecast_limits $(ARGS)
	@$(PY) -m benchmarks.forecast_life
	@$(PY) -m benchmarks.forecast_failures
	@$(PY) -m benchmarks.forecast_training

.PHONY: bench-query
bench-query: install ## how fast a year of readings is answered, beside hand-written SQL
	@$(RUN) $(PY) -m benchmarks.query $(ARGS)

.PHONY: bench-storage
bench-storage: install ## what a reading costs on disk, on a TimescaleDB (ARGS="--rows 500000")
	@$(PY) -m opssight.runtime timescale -- $(PY) -m benchmarks.storage $(ARGS)

.PHONY: k8s-check
k8s-check: install ## render the Kubernetes overlays and check them (needs kubectl)
	@PATH=".venv/bin:$$PATH" command -v kubectl >/dev/null \
		|| { echo "make k8s-check needs kubectl: install it and run this again." >&2; exit 1; }
	@$(PY) -m pytest -m manifests tests/test_manifests.py $(ARGS)

.PHONY: clean
clean: ## delete caches and build results (not .venv, not the demo's data)
	@rm -rf build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache static/vendor
	@find $(SOURCES) tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
