"""The server's settings: flags over environment variables over `genset.toml` over defaults."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from genset import __version__
from genset.cli.database_url import check_database_url, is_database_url, without_addresses
from genset.model.limits import TTL_COOLDOWN_SECONDS
from genset.realism.latency import parse_latency, parse_time
from genset.realism.switches import Switches, parse_fault_text

CONFIG_FILE: Final = "genset.toml"
_WORKERS_MAX = 256
_DAY_SECONDS = 86_400
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


class SettingsError(Exception):
    """A setting is wrong; the message is one line for the user.

    It may repeat what the user wrote, but no address, which may hold a password.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_addresses(message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `genset serve` runs with. The defaults are the documented ones.

    The addresses of databases may hold passwords, so they are not part of the representation.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("genset-data")
    storage: str = field(default="", repr=False)
    read_replica: str = field(default="", repr=False)
    memory: bool = False
    workers: int = 1
    durability: Literal["full", "relaxed"] = "full"
    auth: Literal["open", "sigv4"] = "open"
    credentials: Path | None = None
    insecure: bool = False
    ttl_sweep_seconds: int = 1
    ttl_cooldown_seconds: int = TTL_COOLDOWN_SECONDS
    throttling: bool = False
    latency: str = ""
    faults: str = ""
    read_lag: str = ""
    gsi_lag: str = ""
    realism_seed: int = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    transition_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateSettings:
    """What `genset migrate` runs with: two places, data directories or addresses of databases."""

    source: str = field(repr=False)
    target: str = field(repr=False)


_BOOLEANS: Final = frozenset({"memory", "insecure"})
_NUMBERS: Final = {
    "port": (0, 65535),
    "workers": (1, _WORKERS_MAX),
    "ttl_sweep_seconds": (0, _DAY_SECONDS),
    "ttl_cooldown_seconds": (0, _DAY_SECONDS),
    "realism_seed": (0, 999_999_999),
}
_SECONDS: Final = {"transition_seconds": (0.0, float(_DAY_SECONDS))}
# Boolean, but given with a value as a flag too.
_SWITCHES: Final = frozenset({"throttling"})
_TEXTS: Final[dict[str, Callable[[str], object]]] = {
    "storage": check_database_url,
    "read_replica": check_database_url,
    "latency": parse_latency,
    "faults": parse_fault_text,
    "read_lag": parse_time,
    "gsi_lag": parse_time,
}
_PATHS: Final = frozenset({"data_dir", "credentials"})
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "durability": ("full", "relaxed"),
    "auth": ("open", "sigv4"),
    "log_level": ("debug", "info", "warning", "error"),
}
_HELP: Final = {
    "host": "the address to listen at (default 127.0.0.1)",
    "port": "the port; 0 picks a free one (default 8000)",
    "data_dir": "where the data is kept (default ./genset-data)",
    "storage": "keep the data in PostgreSQL instead: postgresql://user@host:port/database",
    "read_replica": "a replica of it, for reads that need not be consistent",
    "memory": "keep nothing on disk; all is gone when the server ends",
    "workers": "how many processes serve (default 1)",
    "durability": "full: each write is fsync'ed; relaxed: a power cut may lose the last moments",
    "auth": "open: believe any credentials; sigv4: verify signatures (needs --credentials)",
    "credentials": "the file of access keys for --auth sigv4",
    "insecure": "allow --auth open at an address other machines can reach",
    "ttl_sweep_seconds": "how often expired items are deleted; 0: never (default 1)",
    "ttl_cooldown_seconds": "how long after a change of a table's time to live the next is "
    f"refused (default {TTL_COOLDOWN_SECONDS})",
    "throttling": "on: tables throttle as DynamoDB's do (default off)",
    "latency": "hold answers back: 5ms, uniform(2ms,10ms) or lognormal(5ms,0.5)",
    "faults": "share of requests that fail: InternalServerError=0.01,DroppedConnection=0.001",
    "read_lag": "how old what eventually consistent reads see is: 500ms",
    "gsi_lag": "how old what global secondary indexes show is: 500ms",
    "realism_seed": "what decides which requests meet a fault or a delay (default 0)",
    "log_level": "debug, info, warning or error (default info)",
    "transition_seconds": "how long tables and indexes stay CREATING, UPDATING or DELETING "
    "(default 0: as short as can be)",
}


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are SettingsError."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def read_settings(
    arguments: Sequence[str], environment: Mapping[str, str], config: Path
) -> Settings | MigrateSettings:
    """The settings of a `genset` command line; which kind they are says which command it is.

    Raises SettingsError for what is wrong or unknown, SystemExit(0) for --help and --version.
    """
    flags = vars(_parser().parse_args(arguments))
    if flags.pop("command") == "migrate":
        return MigrateSettings(**flags)
    values = _from_file(config) | _from_environment(environment) | flags
    if "storage" in values and "data_dir" in values:
        raise SettingsError("--storage and --data-dir are two places for the data; give one")
    settings = Settings(**values)
    _check(settings)
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="genset", description="The DynamoDB you run yourself.")
    parser.add_argument("--version", action="version", version=f"genset {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_migrate(commands)
    return parser


def _add_serve(commands: argparse._SubParsersAction[_Parser]) -> None:
    serve = commands.add_parser(
        "serve",
        help="run the server",
        argument_default=argparse.SUPPRESS,
        epilog="Each option may also be an environment variable (GENSET_PORT) or a line of "
        "genset.toml (port = 8000) in the working directory.",
    )
    for name, text in _HELP.items():
        flags = ["--" + name.replace("_", "-")]
        if name == "credentials":
            flags.append("--credentials-file")
        if name in _BOOLEANS:
            serve.add_argument(*flags, dest=name, action="store_true", help=text)
        else:
            serve.add_argument(*flags, dest=name, type=_flag_reader(name, flags[0]), help=text)


def _add_migrate(commands: argparse._SubParsersAction[_Parser]) -> None:
    migrate = commands.add_parser(
        "migrate",
        help="move all data of a stopped server to another place",
        epilog="WHERE is a data directory or postgresql://user@host:port/database. A migration "
        "that was interrupted goes on when it is given again.",
    )
    for flag, name, text in (
        ("--from", "source", "where the data is; it stays there"),
        ("--to", "target", "where it is to be; nothing else may be there"),
    ):
        reader = _place_reader(flag)
        migrate.add_argument(
            flag, dest=name, metavar="WHERE", required=True, type=reader, help=text
        )


def _place_reader(flag: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            raise SettingsError(f"{flag} must be a text that is not empty")
        if is_database_url(text):
            _check_text(check_database_url, text, flag)
        return text

    return read


def _flag_reader(name: str, flag: str) -> Any:
    return lambda text: _convert(name, text, flag)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name in _HELP:
        variable = "GENSET_" + name.upper()
        if variable in environment:
            values[name] = _convert(name, environment[variable], variable)
    return values


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    # Imported late: most servers are started without a file.
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    values = {}
    for key, value in document.items():
        name = key.replace("-", "_")
        if name not in _HELP:
            raise SettingsError(f"{path}: unknown key {key}")
        values[name] = _convert(name, value, f"{path}: {key}")
    return values


def _convert(name: str, value: Any, place: str) -> Any:
    """The value of the setting `name`, from text or from TOML. Raises SettingsError."""
    if name in _BOOLEANS or name in _SWITCHES:
        return _boolean(value, place)
    if name in _NUMBERS:
        return _number(value, place, *_NUMBERS[name])
    if name in _SECONDS:
        return _seconds(value, place, *_SECONDS[name])
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{place} must be a text that is not empty")
    if name in _PATHS:
        return Path(value).expanduser()
    if name in _TEXTS:
        _check_text(_TEXTS[name], value, place)
    choices = _CHOICES.get(name)
    if choices is not None and value.lower() not in choices:
        raise SettingsError(f"{place} must be one of {', '.join(choices)}, not {value}")
    return value if choices is None else value.lower()


def _check_text(check: Callable[[str], object], text: str, place: str) -> None:
    try:
        check(text)
    except ValueError as error:
        raise SettingsError(f"{place} {error}") from None


def _boolean(value: Any, place: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise SettingsError(f"{place} must be true or false, not {value}")


def _number(value: Any, place: str, low: int, high: int) -> int:
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10
    if digits:
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise SettingsError(f"{place} must be a number from {low} to {high}, not {value}")
    return value


def _seconds(value: Any, place: str, low: float, high: float) -> float:
    seconds = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            seconds = float(value)
    if not low <= seconds <= high:
        raise SettingsError(f"{place} must be seconds from {low:g} to {high:g}, not {value}")
    return seconds


def _check(settings: Settings) -> None:
    """Raise SettingsError for settings that contradict each other."""
    if settings.memory and settings.storage:
        raise SettingsError("--memory and --storage are two places for the data; give one")
    if settings.read_replica and not settings.storage:
        raise SettingsError("--read-replica needs --storage, the database that it is a replica of")
    if settings.memory and settings.workers > 1:
        raise SettingsError("--memory keeps the data in one process; it cannot have --workers > 1")
    if settings.auth == "sigv4" and settings.credentials is None:
        raise SettingsError("--auth sigv4 needs --credentials FILE")
    if settings.auth == "open" and not settings.insecure and not _is_loopback(settings.host):
        raise SettingsError(
            f"{settings.host} can be reached by other machines, and --auth open believes anyone; "
            "use --auth sigv4, or --insecure if that is meant"
        )


def realism_switches(settings: Settings) -> Switches:
    """The switches that the server starts with, of texts that were checked when they were read."""
    return Switches(
        throttling=settings.throttling,
        latency=parse_latency(settings.latency) if settings.latency else None,
        faults=parse_fault_text(settings.faults),
        read_lag_s=parse_time(settings.read_lag or "0"),
        gsi_lag_s=parse_time(settings.gsi_lag or "0"),
        seed=settings.realism_seed,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def settings_for(arguments: Sequence[str]) -> Settings | MigrateSettings:
    """The settings of this process: its environment, and `genset.toml` where it was started."""
    return read_settings(arguments, os.environ, Path(CONFIG_FILE))
