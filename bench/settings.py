"""What one run measures: the command line, parsed into one immutable value."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from bench.servers import SERVER_NAMES
from bench.ways import WAY_NAMES
from bench.workloads import WORKLOAD_NAMES

REPOSITORY = Path(__file__).resolve().parent.parent
GROWTH_ITEMS = 1_000_000
PART_NAMES = ("start", "rows", "mixed", "growth", "features", "postgres", "tests")
# Parts whose servers are not those of --servers.
_OTHER_SERVERS = {"postgres", "tests"}
FEATURE_NAMES = ("stream-writes", "stream-reads", "partiql", "backfill", "expiry")
FEATURE_ITEMS = 100_000
QUICK_FEATURE_ITEMS = 2_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that may differ between two runs of the benchmark."""

    parts: tuple[str, ...]
    servers: tuple[str, ...]
    workloads: tuple[str, ...]
    rounds: int
    seconds: int
    warmup_seconds: int
    connections: int
    starts: int
    mixed: bool
    growth_servers: tuple[str, ...]
    growth_items: int
    features: tuple[str, ...]
    feature_servers: tuple[str, ...]
    feature_items: int
    suites: tuple[str, ...]
    quick: bool
    output: Path | None
    peers_directory: Path


def parse_settings(arguments: Sequence[str] | None = None) -> Settings:
    """The settings the command line asks for; exits with a usage message on a mistake."""
    options = _parser().parse_args(arguments)
    quick: bool = options.quick
    output: Path | None = options.output
    parts = tuple(n for n in options.only if not (n == "postgres" and options.no_postgres))
    if output is None and not quick and options.only == PART_NAMES:
        output = REPOSITORY / "bench" / "RESULTS.md"
    return Settings(
        parts=parts,
        servers=options.servers if set(parts) - _OTHER_SERVERS else (),
        workloads=options.workloads if "rows" in parts else (),
        rounds=options.rounds or (1 if quick else 5),
        seconds=options.seconds or (1 if quick else 3),
        warmup_seconds=0 if quick else 2,
        connections=16,
        starts=1 if quick else 5,
        mixed="mixed" in parts and not options.no_mixed,
        growth_servers=_growth_servers(options, parts),
        growth_items=options.growth_items,
        features=options.features if "features" in parts else (),
        feature_servers=tuple(n for n in options.feature_servers if n in options.servers),
        feature_items=options.feature_items or (QUICK_FEATURE_ITEMS if quick else FEATURE_ITEMS),
        suites=options.suites if "tests" in parts else (),
        quick=quick,
        output=output,
        peers_directory=REPOSITORY / ".peers",
    )


def _growth_servers(options: argparse.Namespace, parts: Sequence[str]) -> tuple[str, ...]:
    if options.quick or options.no_growth or "growth" not in parts:
        return ()
    servers: tuple[str, ...] = options.growth_servers
    return servers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure genset beside its peers and write bench/RESULTS.md.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a smoke test: one round of one second, no growth part; prints the report and "
        "writes it only where --output says",
    )
    parser.add_argument(
        "--only",
        type=_choices(PART_NAMES),
        default=PART_NAMES,
        help=f"comma-separated parts, of: {', '.join(PART_NAMES)}; the report has only these and "
        "is written only where --output says",
    )
    parser.add_argument(
        "--servers",
        type=_choices(SERVER_NAMES),
        default=SERVER_NAMES,
        help=f"comma-separated, of: {', '.join(SERVER_NAMES)}",
    )
    parser.add_argument(
        "--workloads",
        type=_choices(WORKLOAD_NAMES),
        default=WORKLOAD_NAMES,
        help=f"comma-separated, of: {', '.join(WORKLOAD_NAMES)} ('none' for no throughput rows)",
    )
    parser.add_argument("--rounds", type=_positive, help="rounds of each row (default 5)")
    parser.add_argument("--seconds", type=_positive, help="length of a round (default 3)")
    parser.add_argument("--no-mixed", action="store_true", help="leave the mixed load out")
    parser.add_argument("--no-growth", action="store_true", help="leave the million items out")
    parser.add_argument(
        "--no-postgres", action="store_true", help="leave out what needs PostgreSQL's programs"
    )
    parser.add_argument(
        "--growth-servers",
        type=_choices(SERVER_NAMES),
        default=("genset-1",),
        help="servers whose growth is measured (default genset-1; peers are slow to seed)",
    )
    parser.add_argument("--growth-items", type=_positive, default=GROWTH_ITEMS)
    parser.add_argument(
        "--features",
        type=_choices(FEATURE_NAMES),
        default=FEATURE_NAMES,
        help=f"comma-separated, of: {', '.join(FEATURE_NAMES)} ('none' for no features of tables)",
    )
    parser.add_argument(
        "--feature-servers",
        type=_choices(SERVER_NAMES),
        default=("genset-1", "genset-2", "dynamodb-local"),
        help="servers whose features are measured, among --servers",
    )
    parser.add_argument(
        "--feature-items",
        type=_positive,
        help=f"items of the backfill and of the expiry (default {FEATURE_ITEMS})",
    )
    parser.add_argument(
        "--suites",
        type=_choices(WAY_NAMES),
        default=WAY_NAMES,
        help=f"comma-separated ways to run the tests, of: {', '.join(WAY_NAMES)}",
    )
    parser.add_argument("--output", type=Path, help="where the report goes")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


class _choices:  # noqa: N801 - an argparse type, read like a function
    """A comma-separated choice of the given names, kept in their order; 'none' is empty."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)

    def __call__(self, text: str) -> tuple[str, ...]:
        if text == "none":
            return ()
        asked = [name.strip() for name in text.split(",")]
        unknown = [name for name in asked if name not in self._names]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"unknown: {', '.join(unknown)} (choose from {', '.join(self._names)})"
            )
        return tuple(name for name in self._names if name in asked)
