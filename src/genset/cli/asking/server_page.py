"""What a genset server says of itself, at a page that no other DynamoDB has."""

from __future__ import annotations

import json
from typing import Any, Final

from genset.cli.asking.remote import is_aws

_PATH: Final = "/_genset/server"
_TIMEOUT_S: Final = 2.0


def maybe_about(client: Any) -> dict[str, Any] | None:
    """What the server of a client says of itself, or None if it is no genset or tells nobody.

    The request is signed as the client's own are.
    """
    if is_aws(client.meta.endpoint_url):
        return None
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError, HTTPClientError
    from botocore.httpsession import URLLib3Session

    request = AWSRequest("GET", client.meta.endpoint_url.rstrip("/") + _PATH)
    credentials = client._request_signer._credentials
    SigV4Auth(credentials, "dynamodb", client.meta.region_name).add_auth(request)
    session = URLLib3Session(timeout=_TIMEOUT_S)
    try:
        answer = session.send(request.prepare())
        found = json.loads(answer.content) if answer.status_code == 200 else None
    except (BotoCoreError, HTTPClientError, ValueError):
        return None
    finally:
        session.close()
    return found if isinstance(found, dict) and "genset" in found else None
