"""The server's settings: flags over environment variables over `genset.toml` over defaults."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from genset.cli.statuses import CommandError, Status
from genset.cli.stores.database_url import check_database_url, without_addresses
from genset.model.limits import TTL_COOLDOWN_SECONDS
from genset.realism.latency import parse_latency, parse_time
from genset.realism.switches import Switches, parse_fault_text

CONFIG_FILE: Final = "genset.toml"
_WORKERS_MAX = 256
_DAY_SECONDS = 86_400
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


class SettingsError(CommandError):
    """A setting is wrong; the message is one line for the user.

    It may repeat what the user wrote, but no address, which may hold a password.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_addresses(message), Status.USAGE)


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
    schema: tuple[str, ...] = ()
    schema_parameter: tuple[str, ...] = ()


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
_KINDS: Final[dict[Callable[[str], object], str]] = {
    check_database_url: "the address of a database",
    parse_latency: "a time, or a distribution of times",
    parse_fault_text: "shares from 0 to 1, by fault",
    parse_time: "a time",
}
_PLACES: Final = ("data_dir", "storage", "memory")
_PATHS: Final = frozenset({"data_dir", "credentials"})
# Given more than once, or as one text with a separator between its parts.
_LISTS: Final = {"schema": os.pathsep, "schema_parameter": ","}
_MORE_FLAGS: Final = {"credentials": ("--credentials-file",)}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "durability": ("full", "relaxed"),
    "auth": ("open", "sigv4"),
    "log_level": ("debug", "info", "warning", "error"),
}
_METAVARS: Final = {
    "schema": "FILE",
    "schema_parameter": "NAME=VALUE",
    "host": "ADDRESS",
    "port": "PORT",
    "data_dir": "PATH",
    "storage": "URL",
    "read_replica": "URL",
    "workers": "N",
    "credentials": "FILE",
    "ttl_sweep_seconds": "SECONDS",
    "ttl_cooldown_seconds": "SECONDS",
    "throttling": "[on|off]",
    "latency": "TIME",
    "faults": "SHARES",
    "read_lag": "TIME",
    "gsi_lag": "TIME",
    "realism_seed": "N",
    "transition_seconds": "SECONDS",
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
    "schema": "create and update the tables of this file before serving; may be repeated",
    "schema_parameter": "NAME=VALUE for what such files leave open; may be repeated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one setting is given: its flags, and what it means.

    A switch is a flag that stands alone, a list one that may be repeated. `values` says in words
    what may be given.
    """

    name: str
    flags: tuple[str, ...]
    is_switch: bool
    values: str
    default: object
    is_list: bool
    help: str
    metavar: str | None

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "GENSET_" + self.name.upper()

    @property
    def key(self) -> str:
        """The key of `genset.toml`."""
        return self.name.replace("_", "-")


def all_settings() -> list[Setting]:
    """Every setting of `genset serve`, in the order of its help."""
    defaults = {each.name: each.default for each in fields(Settings)}
    return [
        Setting(
            name=name,
            flags=("--" + name.replace("_", "-"), *_MORE_FLAGS.get(name, ())),
            is_switch=name in _BOOLEANS,
            values=_values(name),
            default=defaults[name],
            is_list=name in _LISTS,
            help=text,
            metavar=_metavar(name),
        )
        for name, text in _HELP.items()
    ]


def _metavar(name: str) -> str | None:
    """What stands for the value in the help; None if a flag has none."""
    choices = _CHOICES.get(name)
    return _METAVARS.get(name) if choices is None else f"[{'|'.join(choices)}]"


def _values(name: str) -> str:
    """What `_convert` accepts for the setting."""
    if name in _BOOLEANS or name in _SWITCHES:
        return "true or false"
    if name in _NUMBERS:
        return "a whole number from {} to {}".format(*_NUMBERS[name])
    if name in _SECONDS:
        return "seconds from {:g} to {:g}".format(*_SECONDS[name])
    if name in _PATHS:
        return "a path"
    if name in _LISTS:
        return f"texts, with {_LISTS[name]} between them"
    if name in _TEXTS:
        return _KINDS[_TEXTS[name]]
    return " or ".join(_CHOICES.get(name, ("a text",)))


def read_settings(
    flags: Mapping[str, str | bool | tuple[str, ...]], environment: Mapping[str, str], config: Path
) -> Settings:
    """The settings of a `genset serve`: flags by the names of settings over environment over file.

    Raises SettingsError for what is wrong or unknown.
    """
    settings = Settings(**_given(flags, environment, config))
    _check(settings)
    return settings


def read_place(
    flags: Mapping[str, str | bool | tuple[str, ...]], environment: Mapping[str, str], config: Path
) -> Settings:
    """The settings of such a server as far as they say where its data is; others are left alone.

    Raises SettingsError.
    """
    values = _given(flags, environment, config)
    return Settings(**{name: values[name] for name in _PLACES if name in values})


def _given(
    flags: Mapping[str, str | bool | tuple[str, ...]], environment: Mapping[str, str], config: Path
) -> dict[str, Any]:
    options = {
        name: _convert(name, value, "--" + name.replace("_", "-"))
        for name, value in flags.items()
        if value != ()
    }
    values = _from_file(config) | _from_environment(environment) | options
    if "storage" in values and "data_dir" in values:
        raise SettingsError("--storage and --data-dir are two places for the data; give one")
    return values


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
    if name in _LISTS:
        return _list(value, place, _LISTS[name])
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


def _list(value: Any, place: str, separator: str) -> tuple[str, ...]:
    parts = value.split(separator) if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and all(isinstance(p, str) and p for p in parts):
        return tuple(parts)
    raise SettingsError(f"{place} must be a text that is not empty, or a list of them")


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
    if not all(text.partition("=")[1] for text in settings.schema_parameter):
        raise SettingsError("--schema-parameter must be NAME=VALUE")
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
