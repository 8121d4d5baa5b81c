"""Waiting until files change, by looking at them twice a second.

That works everywhere alike, on network drives and in containers too, and an editor that puts
another file in the place of the one it saves is seen as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from genset.schemas.files import Stamp, stamp

_PAUSE_S: Final = 0.5


def wait_for_change(
    seen: Mapping[Path, Stamp], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Return once one of the files is otherwise than it was `seen`."""
    while all(stamp(path) == before for path, before in seen.items()):
        sleep(_PAUSE_S)
