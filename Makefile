# make book   the site, at _build/html/index.html        make lab    JupyterLab on a copy, work/
# make test   every test, the notebooks' included        make clean  removes what was built
# make check  what readers get: the notebooks in JupyterLab, student notebooks, the wheel (25 minutes)
# make students  what students get, at _build/html/students.zip (`make book` makes it too)
# make bench  the trainer beside other frameworks, an hour on a machine that does nothing else

PYTHON ?= $(firstword $(shell command -v python3.11) $(shell command -v python3))
BIN := .venv/bin
BENCH := .venv-bench/bin

.PHONY: book students test check lab bench clean
.DELETE_ON_ERROR:

book: .venv/ready
	$(BIN)/python -m lenet fetch
	$(BIN)/jupyter-book build . -W -n --keep-going

students: .venv/ready
	$(BIN)/python book/student_zip.py _build/html

test: book
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest --nbval

check: book
	$(BIN)/pytest checks

lab: .venv/ready
	$(BIN)/python -m lenet fetch
	$(BIN)/python book/working_copy.py notebooks work
	$(BIN)/jupyter lab work

# Each file adds the rows that are missing from its results/speed*.json, and goes on when stopped.
bench: .venv-bench/ready
	for part in peers steps limits target; do $(BENCH)/python benchmarks/$$part.py || exit; done

clean:
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis lenet.egg-info

# An environment that is there is kept (it may hold the CPU build of torch); only what the two
# files ask for is put right.
.venv/ready: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# A package that cannot be had is left out: the results then name the peer that could not run.
.venv-bench/ready: benchmarks/requirements.txt
	test -x $(BENCH)/python || $(PYTHON) -m venv .venv-bench
	$(BENCH)/pip install --disable-pip-version-check -r $< || grep -v '^#' $< | \
	    xargs -n 1 $(BENCH)/pip install --disable-pip-version-check --no-deps || true
	$(BENCH)/pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
