# What a user or a developer does here. It needs Python 3.10 or newer and make: no Java, no Node.
# The package is installed editable: the notebook, the Jupyter server and Spark's Python workers share one
# interpreter and so one copy, and the tests test this tree.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A file's tests stay in one process; files are handed out in the order that tests/conftest.py gives them.
IN_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder
# What decides what pip installs; the Python files need no second install.
PACKAGE := pyproject.toml hatch_build.py zoo_lab/__init__.py zoo_lab/server/zoo_lab.json \
	$(wildcard labextension/*.json labextension/yarn.lock labextension/.yarnrc.yml) \
	$(shell find labextension/src labextension/style labextension/schema zoo_lab/widgets/static -type f -not -path '*/__tests__/*')

.PHONY: help demo lab test bench clean

help:
	@echo "make demo   install into $(VENV), run notebooks/quickstart.ipynb headless, print accuracy and throughput"
	@echo "make lab    open JupyterLab on it"
	@echo "make test   install the test extra too and run all tests (ARGS='-k name' for some)"
	@echo "make bench  measure, print the tables and the targets (ARGS='--only training' for some)"
	@echo "make clean  remove $(VENV) and all that was built"

demo: $(VENV)/.installed
	$(BIN)/zoo-lab demo

lab: $(VENV)/.installed
	$(BIN)/zoo-lab lab notebooks/quickstart.ipynb

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(IN_TWO) $(ARGS)

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks $(ARGS)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Expected Python 3.10 or newer; $(PYTHON) is older or not there. Name another: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV) || \
		{ echo "Could not make $(VENV). On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PIP) install --upgrade pip
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(PACKAGE)
	@echo "Installing zoo_lab and what it needs into $(VENV): about 1 GB, once."
	$(PIP) install --editable '.[examples]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made $(PACKAGE)
	@echo "Installing zoo_lab and what its tests need into $(VENV): about 1 GB, once."
	$(PIP) install --editable '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist zoo_lab/labextension labextension/lib labextension/node_modules labextension/.yarn \
		.pytest_cache .ruff_cache test-artifacts notebooks/output
	find zoo_lab tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
