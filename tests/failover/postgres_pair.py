"""A primary and its synchronous standby: what was acknowledged survives the loss of the primary."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tools.local_postgres import SUPERUSER, LocalPostgres

from support.postgres_proxy import PostgresProxy

_PROMOTION_S_MAX = 20.0


class Standby(LocalPostgres):
    """Follows the server behind `link` and answers reads until it is promoted."""

    def __init__(self, link: PostgresProxy) -> None:
        super().__init__(fsync=False)
        self._link = link

    def make_data(self) -> None:
        """Copy the primary, with what makes the copy its standby (`--write-recovery-conf`)."""
        options = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf", "-D", str(self.data))
        self.run("pg_basebackup", *options, "-d", self._link.url(SUPERUSER, "postgres"))

    def promote(self) -> None:
        """Make it the primary; returns once it takes writes."""
        self.sql(f"SELECT pg_promote(true, {_PROMOTION_S_MAX:.0f})")
        assert self.sql("SELECT pg_is_in_recovery()") == "f"


class PostgresPair:
    """`with` starts both; each commit then waits for the standby, until `fail_over`.

    `link` is what the standby follows the primary through.
    """

    def __init__(self) -> None:
        self.primary = LocalPostgres(fsync=False)
        self.link = PostgresProxy(self.primary.host, self.primary.port)
        self.standby = Standby(self.link)
        self._started = ExitStack()

    def __enter__(self) -> PostgresPair:
        with ExitStack() as started:
            started.enter_context(self.primary)
            started.enter_context(self.link)
            started.enter_context(self.standby)
            self._wait_for_commits()
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def url(self, database: str) -> str:
        """Both servers, the one that is the primary first in the beginning."""
        hosts = ",".join(f"{each.host}:{each.port}" for each in (self.primary, self.standby))
        return f"postgresql://{SUPERUSER}@{hosts}/{database}"

    def create_database(self, name: str) -> None:
        """Make a new and empty database."""
        self.primary.create_database(name)

    def fail_over(self) -> None:
        """Kill the primary, which is never started again, and promote the standby."""
        self.primary.kill()
        self.link.cut()
        self.standby.promote()

    def _wait_for_commits(self) -> None:
        """Have commits wait for the standby, which must have connected for that."""
        # After the copy was made, in which this setting would be: the standby waits for nobody.
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.sql("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PROMOTION_S_MAX
        while self.primary.sql("SELECT sync_state FROM pg_stat_replication") != "sync":
            assert time.monotonic() < deadline, "the standby does not follow the primary"
            time.sleep(0.02)
