"""Installs the peers into ``.peers/`` and says what is missing and which versions are there.

npm and pip are named packages only; where they come from is those tools' configuration.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from bench.ways import Way

DYNOXIDE_PACKAGE = "@dynoxide/linux-x64"
DYNALITE_PACKAGE = "dynalite"
DYNAMODB_LOCAL_PACKAGE = "amplify-dynamodb-simulator"
SUITES_PACKAGES = ("boto3", "moto[dynamodb]", "pytest")
INSTALL_SECONDS = 900


class MissingTool(Exception):
    """A program the benchmark needs is not installed, or failed to install a peer."""


# What each peer needs on PATH, with the Debian package that has it.
_TOOLS = {
    "dynoxide": {"npm": "npm"},
    "dynalite": {"npm": "npm", "node": "nodejs"},
    "dynamodb-local": {"npm": "npm", "java": "default-jre-headless"},
}


def ensure_tools(servers: Iterable[str], *, load: bool = True) -> None:
    """Raise MissingTool, naming every absent program and its package; `load` says that of the load
    generator is one."""
    wanted = {"wrk": "wrk"} if load else {}
    for server in servers:
        wanted.update(_TOOLS.get(server, {}))
    missing = [
        f"{program} (Debian package {package})"
        for program, package in sorted(wanted.items())
        if shutil.which(program) is None
    ]
    if missing:
        raise MissingTool(f"the benchmark needs {', '.join(missing)}")


def ensure_installed(servers: Iterable[str], directory: Path) -> None:
    """Install the peers among the servers that are not there yet. Raises MissingTool."""
    installers = {
        "dynoxide": _install_dynoxide,
        "dynalite": _install_dynalite,
        "dynamodb-local": _install_dynamodb_local,
        "moto": _install_moto,
    }
    directory.mkdir(parents=True, exist_ok=True)
    for server in servers:
        if server in installers:
            installers[server](directory)


def versions(servers: Iterable[str], directory: Path) -> dict[str, str]:
    """The versions of the installed peers among the servers, with their packages' names."""
    found: dict[str, str] = {}
    for server in servers:
        match server:
            case "dynoxide":
                found[server] = _npm_version(dynoxide_binary(directory).parent)
            case "dynalite":
                found[server] = _npm_version(dynalite_script(directory).parent)
            case "dynamodb-local":
                folder = dynamodb_local_folder(directory)
                jar = _dynamodb_local_version(folder)
                found[server] = f"DynamoDB Local {jar}, in {_npm_version(folder.parent)}"
            case "moto":
                found[server] = f"moto[server] {_moto_version(directory)}"
    return found


def dynoxide_binary(directory: Path) -> Path:
    """Where the dynoxide program is once installed."""
    return directory / "npm" / "node_modules" / DYNOXIDE_PACKAGE / "dynoxide"


def dynalite_script(directory: Path) -> Path:
    """Where dynalite's command is once installed."""
    return directory / "npm" / "node_modules" / DYNALITE_PACKAGE / "cli.js"


def dynamodb_local_folder(directory: Path) -> Path:
    """Where DynamoDB Local's jar and libraries are once installed."""
    return directory / "dynamodb-local" / "package" / "emulator"


def moto_command(directory: Path) -> Path:
    """Where moto's server command is once installed."""
    return directory / "moto" / "bin" / "moto_server"


def suites_python(directory: Path) -> Path:
    """The interpreter of the environment in which the tests of ``bench.suite`` run."""
    return directory / "suites" / "bin" / "python"


def ensure_suites(ways: Iterable[Way], repository: Path, directory: Path) -> None:
    """Install what the ways need to run the tests. Raises MissingTool."""
    ways = list(ways)
    if not ways:
        return
    ensure_installed({way.server for way in ways if way.server}, directory)
    folder = directory / "suites"
    project = (repository / "pyproject.toml").read_text()
    # What it was installed for, kept beside it.
    installed = folder / "pyproject.toml"
    if installed.exists() and installed.read_text() == project:
        return
    _run([sys.executable, "-m", "venv", str(folder)], directory)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-e", str(repository), *SUITES_PACKAGES], directory)
    installed.write_text(project)


def suites_versions(directory: Path) -> str:
    """The versions of what runs the tests of ``bench.suite``, and of what they run on."""
    names = [package.partition("[")[0] for package in SUITES_PACKAGES]
    program = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    command = [str(suites_python(directory)), "-c", program, *names]
    versions = subprocess.check_output(command, text=True, timeout=60).split()
    return ", ".join(f"{name} {version}" for name, version in zip(names, versions, strict=True))


def _install_dynoxide(directory: Path) -> None:
    if not dynoxide_binary(directory).exists():
        _npm_install(directory, DYNOXIDE_PACKAGE)


def _install_dynalite(directory: Path) -> None:
    if not dynalite_script(directory).exists():
        _npm_install(directory, DYNALITE_PACKAGE)


def _npm_install(directory: Path, package: str) -> None:
    folder = directory / "npm"
    folder.mkdir(exist_ok=True)
    _run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), package], folder)


def _install_dynamodb_local(directory: Path) -> None:
    if dynamodb_local_folder(directory).exists():
        return
    folder = directory / "dynamodb-local"
    folder.mkdir(exist_ok=True)
    # Packed, not installed: only the jars in it are wanted, and its dependencies are many.
    _run(["npm", "pack", "--silent", DYNAMODB_LOCAL_PACKAGE], folder)
    for archive in folder.glob("*.tgz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()


def _install_moto(directory: Path) -> None:
    if moto_command(directory).exists():
        return
    folder = directory / "moto"
    _run([sys.executable, "-m", "venv", str(folder)], directory)
    _run([str(folder / "bin" / "pip"), "install", "--quiet", "moto[server]"], directory)


def _run(command: list[str], folder: Path) -> None:
    print(f"installing: {' '.join(command)}", flush=True)
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise MissingTool(f"{' '.join(command)} failed: {error.stderr[-500:]}") from error
    except subprocess.TimeoutExpired as error:
        raise MissingTool(f"{' '.join(command)} took over {INSTALL_SECONDS} s") from error


def _npm_version(folder: Path) -> str:
    manifest = json.loads((folder / "package.json").read_text())
    return f"{manifest['name']} {manifest['version']}"


def _dynamodb_local_version(folder: Path) -> str:
    """The version that DynamoDB Local's own command line prints."""
    command = ["java", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}"]
    command += ["-jar", str(folder / "DynamoDBLocal.jar"), "-version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() or "of unknown version"


def _moto_version(directory: Path) -> str:
    python = directory / "moto" / "bin" / "python"
    program = "import importlib.metadata as m; print(m.version('moto'))"
    done = subprocess.run(
        [str(python), "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()
