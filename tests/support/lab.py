"""A `StillServer` with realism switches, whose calls may wait."""

from __future__ import annotations

from typing import Any

from genset.realism.switches import decode
from support.still_server import StillServer
from support.stores import MEMORY, Store


class Lab(StillServer):
    """Starts with the switches given, by their names in JSON."""

    needs_loop = True

    def __init__(
        self, store: Store = MEMORY, *, transition_s: float = 0.0, **switches: Any
    ) -> None:
        super().__init__(store, switches=decode(switches), transition_s=transition_s)

    def change(self, **switches: Any) -> None:
        """Change the switches; all that are not given are off."""
        assert self.server.realism is not None
        self.server.realism.change(decode(switches))

    def administer(self, name: str, **query: Any) -> tuple[int, Any]:
        """The status and the body of the answer to a GET under the admin path."""
        return self.run(self.server.administer(name, query))
