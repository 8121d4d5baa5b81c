"""TLS between a node and its database: certificates are checked, in both directions.

Needs a PostgreSQL that was built with TLS, as Debian's are and the wheel's is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.local_postgres import LocalPostgres

from support.client import Api
from support.process import serve

from .conftest import refusal

# Whoever has the certificate of the role `genset` is let in as that; the superuser is these tests.
_HBA = "hostssl all genset 127.0.0.1/32 cert\nhost all postgres 127.0.0.1/32 trust\n"
_SETTINGS = {
    "ssl": "on",
    "ssl_ca_file": "ca.pem",
    "ssl_cert_file": "server.pem",
    "ssl_key_file": "server.key",
}


def programs() -> Path | None:
    """The newest PostgreSQL of Debian's packages."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    versions = sorted(found, key=lambda each: int(each.parts[-3]))
    return versions[-1].parent if versions and shutil.which("openssl") else None


pytestmark = pytest.mark.skipif(programs() is None, reason="neither postgresql nor openssl here")


class EncryptedPostgres(LocalPostgres):
    """A server with a certificate for 127.0.0.1 by an authority of its own, `certificates/ca.pem`.

    The same has signed that of the role `genset`; `certificates/other.pem` is another's.
    """

    def __init__(self) -> None:
        super().__init__(fsync=False, settings=_SETTINGS)
        self.certificates = self.folder / "certificates"

    def _reachable_programs(self) -> Path:
        found = programs()
        assert found is not None
        return found

    def make_data(self) -> None:
        super().make_data()
        self.certificates.mkdir()
        for authority in ("ca", "other"):
            self._openssl("req", "-x509", "-subj", f"/CN={authority}", "-days", "2", "-nodes",
                          *_new_key(authority), "-out", f"{authority}.pem")  # fmt: skip
        self._sign("server", "subjectAltName=IP:127.0.0.1")
        self._sign("genset", "extendedKeyUsage=clientAuth")
        for name in ("ca.pem", "server.pem", "server.key"):
            copy = shutil.copy(self.certificates / name, self.data / name)
            os.chmod(copy, 0o600)
            if self.user is not None:
                shutil.chown(copy, self.user)
        (self.data / "pg_hba.conf").write_text(_HBA)

    def ask(self, statement: str) -> str:
        """What the superuser is answered, without TLS: else psql looks for files of its own."""
        return self.run("psql", "-XAtc", statement, f"{self.url()}?sslmode=disable").strip()

    def _sign(self, name: str, extension: str) -> None:
        self._openssl("req", "-subj", f"/CN={name}", "-nodes", *_new_key(name),
                      "-addext", extension, "-out", f"{name}.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", "2", "-copy_extensions", "copy",
                      "-out", f"{name}.pem")  # fmt: skip

    def _openssl(self, *arguments: str) -> None:
        command = ["openssl", *arguments]
        subprocess.run(command, cwd=self.certificates, check=True, capture_output=True)

    def address(self, **parameters: str) -> str:
        """For the role `genset`, with its certificate, or with other parameters."""
        folder = self.certificates
        given = {
            "sslmode": "verify-full",
            "sslrootcert": f"{folder}/ca.pem",
            "sslcert": f"{folder}/genset.pem",
            "sslkey": f"{folder}/genset.key",
            **parameters,
        }
        pairs = (f"{name}={value}" for name, value in given.items() if value)
        return f"{self.url(user='genset')}?{'&'.join(pairs)}"


def _new_key(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", f"{name}.key"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[EncryptedPostgres]:
    with EncryptedPostgres() as server:
        server.ask("CREATE ROLE genset LOGIN; GRANT CREATE ON DATABASE postgres TO genset")
        yield server


def test_a_node_and_its_database_know_each_other(postgres: EncryptedPostgres) -> None:
    with serve("--storage", postgres.address()) as server, Api(server.url) as api:
        assert api("ListTables") == {"TableNames": []}
        encrypted = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        assert postgres.ask(f"{encrypted} WHERE application_name = 'genset'") == "t"


def test_whom_one_of_them_does_not_know_is_refused_in_one_line(
    postgres: EncryptedPostgres,
) -> None:
    for parameters, words in (
        ({"sslrootcert": f"{postgres.certificates}/other.pem"}, "certificate verify failed"),
        ({"sslcert": "", "sslkey": ""}, "client certificate"),
        ({"sslmode": "disable"}, "no encryption"),
    ):
        assert words in refusal("--storage", postgres.address(**parameters))


def test_a_certificate_for_another_name_is_refused(postgres: EncryptedPostgres) -> None:
    address = postgres.address().replace("127.0.0.1", "localhost", 1)
    assert "not valid for 'localhost'" in refusal("--storage", address)
