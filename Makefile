# KawaSolar. `make run` and `make test` set a fresh machine up by themselves (tools/setup.sh).

PYTHON_VENV := .venv/bin/python
SAMPLE := sample_data/dsm.tif sample_data/buildings.gpkg sample_data/facilities.csv sample_data/weather.csv sample_data/lamps.csv sample_data/vehicles.csv
CODE := $(shell find gis kawasolar -name '*.py' 2>/dev/null) $(wildcard resources/profiles/*)

# Bytecode is wanted: without it every import takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
ifeq ($(LC_ALL)$(LC_CTYPE)$(LANG),)
export LC_ALL := C.UTF-8
endif

.DELETE_ON_ERROR:
.PHONY: help run headless window setup-run setup-test setup-dist test lint bench dist screenshots clean

help:
	@echo "make run          plan the sample town; open the window, or without a screen write out/"
	@echo "make test         all tests"
	@echo "make lint         style, types, imports"
	@echo "make bench        benchmarks"
	@echo "make screenshots  pictures of the window for the README"
	@echo "make dist         freeze the program into dist/kawasolar and try it"
	@echo "make clean        remove what was made (not .venv)"

run:
	@tools/setup.sh run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(MAKE) --no-print-directory window; else $(MAKE) --no-print-directory headless; fi

# Remade when the program or the sample changed, not when the window or an export saved the project.
out/plan.json: $(CODE) $(SAMPLE)
	@mkdir -p out
	@echo "planning the sample town …"
	@$(PYTHON_VENV) -m kawasolar plan --dsm sample_data/dsm.tif --buildings sample_data/buildings.gpkg \
		--facilities sample_data/facilities.csv --weather sample_data/weather.csv \
		--register sample_data/lamps.csv --register sample_data/vehicles.csv --ask lighting --ask fleet --ask charging \
		--out out/plan.kawasolar --json > $@

out/plan.kawasolar: | out/plan.json
	@rm -f out/plan.json; $(MAKE) --no-print-directory out/plan.json

out/sites.xlsx out/sites.csv out/map.png &: out/plan.json | out/plan.kawasolar
	@$(PYTHON_VENV) -m kawasolar export out/plan.kawasolar --xlsx out/sites.xlsx --csv out/sites.csv --png out/map.png

window: out/plan.json | out/plan.kawasolar
	@$(PYTHON_VENV) -m kawasolar out/plan.kawasolar

headless: out/plan.json out/sites.xlsx out/sites.csv out/map.png | out/plan.kawasolar
	@echo "No screen here, so the sample town was planned on the command line:"
	@for file in out/plan.kawasolar $^; do echo "  $$file"; done

setup-run setup-test setup-dist: setup-%:
	@tools/setup.sh $*

test: setup-test
	@tools/test.sh

lint: setup-test
	@tools/lint.sh

bench: setup-run
	@tools/peers.sh || true
	@for file in $(filter-out %/__init__.py,$(wildcard benchmarks/*.py)); do \
		echo "== $$file"; QT_QPA_PLATFORM=$${QT_QPA_PLATFORM:-offscreen} $(PYTHON_VENV) $$file || exit 1; done

# The first scenario has its name in the language of who plans.
screenshots: export KAWASOLAR_LANG := ja
screenshots: setup-test out/plan.kawasolar
	@$(PYTHON_VENV) tools/screenshots.py

dist: setup-dist
	@$(PYTHON_VENV) -m PyInstaller --noconfirm --log-level WARN kawasolar.spec
	@tools/check_dist.sh

clean:
	rm -rf out dist build .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find gis kawasolar ui tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
