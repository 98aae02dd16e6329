# Everything a newcomer or CI types. Each target sets up what it needs; nothing is installed outside .venv.
PYTHON ?= python3
BIN := .venv/bin
# Two steps, a stamp each: what veraretouch itself needs (`make demo`), then the tools of its developers (everything else).
RUNTIME := .venv/runtime-installed
STAMP := .venv/installed
EXTRAS := authors,coreml,heic,jxl,lens,onnx,raw,train,vera
PIP := $(BIN)/python -m pip install --quiet -c constraints.txt

.PHONY: install demo studio browser test lint types suite bench mutate docs clean

install: $(STAMP)

# setuptools leaves egg-info and build in the root; the egg-info would shadow the installed entry points.
$(RUNTIME): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(PIP) -e .
	rm -rf veraretouch.egg-info build
	touch $@

$(STAMP): $(RUNTIME)
	$(PIP) -e '.[$(EXTRAS)]' --group dev
	# setuptools warns of folders with a package's name in the working directory; there is none.
	PYTHONWARNINGS='ignore:Editable installation' $(PIP) --no-deps --no-build-isolation \
		-e contrib/aether -e contrib/dapo -e contrib/mcp -e contrib/ray -e contrib/serve -e contrib/studio
	rm -rf veraretouch.egg-info build contrib/*/build contrib/*/*.egg-info
	mkdir -p .venv/types && ln -sfn ../.. .venv/types/veraretouch
	touch $@

demo: $(RUNTIME)
	$(BIN)/python docs/demo.py

# The page that shows and steers every edit, on copies of the sample photos.
studio: $(RUNTIME)
	$(PIP) ./contrib/serve ./contrib/studio
	rm -rf contrib/*/build contrib/*/*.egg-info
	mkdir -p out/studio && cp -n docs/samples/*.jpg out/studio/
	$(BIN)/veraretouch studio out/studio

# The browser in which that page is tried; without one, those tests say so and are skipped.
browser:
	@command -v chromium >/dev/null || \
		{ command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
		apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || \
		echo "no chromium, and apt or root is not at hand: the tests of the studio's page are skipped"

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

# Two at a time: mypy keeps one core busy, and the tests begin as soon as ruff and import-linter have ended well.
test: install browser
	$(MAKE) -j2 lint types suite

# Two workers on two cores: more threads in each would wait for one another.
suite: install browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "not slow"

bench: install browser
	$(BIN)/python -m pytest -q -m slow tests

# Do tests fail where a room's source is changed? `make mutate ROOM=core/lut`; DRAW and SEED choose the mutants.
DRAW ?= 200
SEED ?= 0
mutate: install
	$(PIP) --group mutate
	OMP_NUM_THREADS=1 $(BIN)/python tests/helpers/repository/mutate.py $(ROOM) --draw $(DRAW) --seed $(SEED)

# Hostile files: the whole list, and 4 minutes of the processor for fuzzing each of 10 kinds of file; other processes go
# first. (What is marked slow there is a minute of the same fuzzing.)
attack: install
	OMP_NUM_THREADS=1 VERARETOUCH_FUZZ_SECONDS=240 nice -n 19 $(BIN)/python -m pytest -q -rP --show-capture=stdout -m "not slow" \
		tests/attack tests/core/test_strict_xml.py \
		tests/core/plan/test_plan_malformed.py tests/ops/presets/test_malformed.py tests/core/photo/test_malformed.py

docs: install
	$(BIN)/python docs/build.py
	$(BIN)/python docs/pictures.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "the site is in site/: open site/index.html, or look at it as it grows with $(BIN)/mkdocs serve"

clean:
	rm -rf .venv out build dist site *.egg-info .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
