# Each target works from a bare clone, and again: the virtual environment is made once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := tests/data/wifi/lure-a.pcapng

.PHONY: demo test test-lab lint check fuzz coverage audit docs release bench-wifi bench-apk bench-fleet clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[dev,serve,cluster,urls,parquet,yara]'
	@touch $@

demo: $(VENV)/.installed  ## audit a real hotspot capture and the app that the hotspot pushes
	$(BIN)/rogue-scan audit $(DEMO) -o demo-report.html
	@echo "The same report as a page: demo-report.html"

test: $(VENV)/.installed-dev  ## all tests
	$(BIN)/pytest -n 2 --dist loadfile -m "not lab"

test-lab: $(VENV)/.installed-dev  ## the live scanner on simulated radios (needs QEMU, some minutes)
	$(BIN)/pytest tests/lab

lint: $(VENV)/.installed-dev  ## style, types, import directions, signatures
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rogue-scan rules check

fuzz: $(VENV)/.installed-dev  ## fresh random input for every decoder: make fuzz SECONDS=600
	$(BIN)/python tools/fuzz.py $(or $(SECONDS),600)

bench-wifi: $(VENV)/.installed-dev  ## frames per second and memory beside tshark and scapy
	$(BIN)/python benchmarks/wifi.py

bench-apk: $(VENV)/.installed-dev  ## CPU and memory beside androguard, on real apps
	$(BIN)/python benchmarks/apk.py

bench-fleet: $(VENV)/.installed-dev  ## throughput, overhead, memory, poison apps
	$(BIN)/python benchmarks/fleet.py

coverage: $(VENV)/.installed-dev  ## what the tests reach, by module
	$(BIN)/pytest -n 2 --dist loadfile -m "not lab" --cov=rogue_scan --cov-report=term

audit: $(VENV)/.installed-dev  ## known weaknesses of what is installed, and a bill of materials
	$(BIN)/pip-audit --progress-spinner off --skip-editable
	mkdir -p dist && $(BIN)/cyclonedx-py environment --pyproject pyproject.toml -o dist/sbom.json

docs: $(VENV)/.installed-dev  ## the site, in site/; a dead link is an error
	$(BIN)/pip install --quiet --editable '.[docs]'
	$(BIN)/python tools/docs.py
	$(BIN)/sphinx-build --fail-on-warning --keep-going -q -b html docs site

check: lint test

release: $(VENV)/.installed-dev  ## make release VERSION=1.2.3: version, notes, checks, dist/
	$(BIN)/pip install --quiet --editable '.[docs,release]'
	$(BIN)/python tools/release.py $(VERSION)

clean:
	rm -rf $(VENV) build dist site demo-report.html
