"""How DynamoDB Local is started, for the benchmark and for the differential tests.

Its own command line has no option for the address and listens on all of them, and servers under
test listen on loopback only. So its handler is put into a Jetty server at 127.0.0.1 by Jetty's own
configuration language, whose interpreter is among its jars: nothing has to be compiled, and a
JRE is enough. Its telemetry belongs to the command line and is never set up.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_CONFIGURATION = Path(__file__).with_suffix(".xml")


def dynamodb_local_command(
    folder: Path,
    port: int,
    java_options: Sequence[str] = (),
    *,
    data: Path | None = None,
    shared: bool = True,
) -> list[str]:
    """The command that serves DynamoDB Local, in memory or in `data`, at that port of 127.0.0.1.

    `folder` is where its jar and libraries are. All keys and Regions have one database if it is
    `shared`, and otherwise each has its own.
    """
    jars = (folder / "DynamoDBLocal.jar", folder / "DynamoDBLocal_lib" / "*")
    return [
        *("java", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", *java_options),
        *("-Dorg.eclipse.jetty.LEVEL=WARN", "-cp", os.pathsep.join(map(str, jars))),
        *("org.eclipse.jetty.xml.XmlConfiguration", str(_CONFIGURATION), f"port={port}"),
        *([] if data is None else ["memory=false", f"path={data}", f"shared={shared}".lower()]),
    ]
