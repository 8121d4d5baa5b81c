"""Working beside moto: where genset answers, moto does not.

moto answers the same event of botocore, `before-send`, for all services. All handlers of an event
are called, whichever answers first, so moto would still do each request in its own DynamoDB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

_MODULE: Final = "moto.core.botocore_stubber"
_TARGETS: Final = ("DynamoDB_20120810.", "DynamoDBStreams_20120810.")

_answers_all = 0


def is_dynamodb(request: AWSPreparedRequest) -> bool:
    """Whether a request of whatever service is one to DynamoDB or its streams."""
    target = request.headers.get("X-Amz-Target", "")
    text = target.decode("latin-1") if isinstance(target, bytes) else target
    return text.startswith(_TARGETS)


def answer_all(answers: bool) -> None:
    """Whether genset answers all such requests of the process; calls may be nested."""
    global _answers_all
    _answers_all += 1 if answers else -1
    keep_moto_out()


def keep_moto_out() -> None:
    """Have moto, if it is loaded, leave alone what genset answers. Idempotent, and cheap."""
    module = sys.modules.get(_MODULE)
    stubber: Any = getattr(module, "BotocoreStubber", None)
    if stubber is not None and not hasattr(stubber, "genset_beside"):
        stubber.genset_beside = True
        stubber.__call__ = _beside(stubber.__call__)


def _beside(call: Callable[..., Any]) -> Callable[..., Any]:
    def beside(self: Any, event_name: str, request: AWSPreparedRequest, **further: Any) -> Any:
        if getattr(request, "genset_answers", False):
            return None
        if _answers_all and is_dynamodb(request):
            return None
        return call(self, event_name, request=request, **further)

    return beside
