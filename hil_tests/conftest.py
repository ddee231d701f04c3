"""A board through its ports only. `--port unix` (the default) is the board that is a process.

Later boards bring their own `Rig` behind the same fixture; the tests stay as they are.
"""

import pytest

from hil_tests.unix_rig import UnixRig

RIGS = {"unix": UnixRig}


def pytest_addoption(parser):
    parser.addoption("--port", default="unix", choices=sorted(RIGS), help="the board under test")


@pytest.fixture
def rig(request, tmp_path):
    with RIGS[request.config.getoption("--port")](tmp_path) as rig:
        yield rig
