"""How deep JSON is nested, which decides in which layer the service checks a request.

Knows nothing of what the JSON means.
"""

from __future__ import annotations

from typing import Any, Final

# The current layer's reader gives up on a deeper request, and the older layer answers it. Observed
# in October 2026: 62 maps round a value are read by the current layer and 63 by the older, in
# items, keys, expression values and Expected alike, which 128 objects and lists explain.
CURRENT_LAYER_DEPTH_MAX: Final = 128


def is_too_deep_for_current_layer(document: Any) -> bool:
    """Whether objects and lists are nested more than CURRENT_LAYER_DEPTH_MAX deep."""
    level = [document]
    for _ in range(CURRENT_LAYER_DEPTH_MAX + 1):
        level = [
            element
            for node in level
            if isinstance(node, dict | list)
            for element in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
