"""The units of `deploy/systemd`: systemd understands them, and the server they start serves.

docs/running.md says how they are installed, and what of them is changed.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from distribution.conftest import ROOT
from support.activation import activated
from support.client import Api
from support.process import genset_command

UNITS = ROOT / "deploy" / "systemd"
# Of 10; what is left is the network that a server is for.
EXPOSURE_MAX = 1.5


def values(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)


@pytest.fixture
def analyzed(tmp_path: Path) -> Path:
    """The units, of a genset that is there, for systemd-analyze."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/local/bin/genset", shutil.which("true") or "")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_the_units(analyzed):
    units = [str(analyzed / name) for name in ("genset.service", "genset.socket")]
    assert analyze("verify", "--man=no", *units) == ""


def test_the_service_can_do_little_but_serve(analyzed):
    said = analyze("security", "--offline=true", str(analyzed / "genset.service"))
    found = re.search(r"exposure level for genset.service: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= EXPOSURE_MAX


def test_what_the_service_starts_serves_the_socket_and_says_so(tmp_path):
    """The very line of the unit, with the program that is tested."""
    (line,) = values("genset.service", "ExecStart")
    program, *options = line.replace("${STATE_DIRECTORY}", str(tmp_path / "state")).split()
    assert program == "/usr/local/bin/genset"
    assert values("genset.service", "Type") == ["notify"]
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        command = [*genset_command(), *options]
        with activated([listening], command, manager.getsockname()) as process:
            assert manager.recv(100) == b"READY=1"
            with Api("http://%s:%d" % listening.getsockname()) as api:  # noqa: UP031
                assert api("ListTables")["TableNames"] == []
            process.terminate()
            assert process.wait(timeout=20) == 0
    assert (tmp_path / "state" / "genset.db").exists()


def test_the_socket_is_for_this_machine_alone():
    (address,) = values("genset.socket", "ListenStream")
    assert address.startswith("127.0.0.1:")
    assert values("genset.service", "IPAddressAllow") == ["localhost"]
