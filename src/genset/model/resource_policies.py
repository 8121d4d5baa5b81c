"""Resource policies: the document's grammar, its stored form, and whom it would shut out.

A policy is kept as the service gives it back, without blanks, in a fixed order of members and
with lists of one as their element. Rules and words were observed on the service in October 2026.
What a policy allows is not decided here: nothing is enforced by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import orjson

from genset.model.errors import ValidationException
from genset.model.policy_actions import STREAM_ACTIONS, TABLE_ACTIONS

POLICY_BYTES_MAX: Final = 20_480

Statement: TypeAlias = dict[str, Any]

_INVALID: Final = "One or more parameter values were invalid: "
_OLD_VERSION: Final = "2008-10-17"
_VERSIONS: Final = (_OLD_VERSION, "2012-10-17")
_EFFECTS: Final = {"allow": "Allow", "deny": "Deny"}
_ROOT_MEMBERS: Final = ("Version", "Id", "Statement")
# Of each pair a statement has one, the first of them required where none is given.
_STATEMENT_MEMBERS: Final = (
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
)
_STATEMENT_NAMES: Final = ("Sid", "Effect", *sum(_STATEMENT_MEMBERS, ()), "Condition")
_PRINCIPAL_KINDS: Final = ("AWS", "Service", "Federated", "CanonicalUser")
_ACCOUNT: Final = re.compile(r"\d{12}")
_PRINCIPAL_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)/.+)|sts::\d{12}:(assumed-role|federated-user)/.+)"
)
# Developer guide, "Blocking public access with resource-based policies".
_BOUNDING_KEYS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:sourceowner",
    }
)
_BOUNDING_OPERATORS: Final = re.compile(
    r"(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)", re.IGNORECASE
)


def read_back(document: str) -> str:
    """The Policy as GetResourcePolicy answers it, with the Version that goes without saying."""
    if document.startswith('{"Version":'):
        return document
    return f'{{"Version":"{_OLD_VERSION}",{document[1:]}'


def parse_policy(text: str, *, of_stream: bool = False) -> str:
    """The canonical form of a policy of a table, or of a stream; raises ValidationException.

    Two documents are the same policy if their canonical forms are.
    """
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        raise ValidationException(
            f"{_INVALID}Maximum policy size of {POLICY_BYTES_MAX} bytes exceeded"
        )
    policy = _canonical(text)
    statements = policy["Statement"]
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    if len(set(sids)) < len(sids):
        raise _malformed("The Statement Ids in the policy are not unique")
    _check_actions(statements, STREAM_ACTIONS if of_stream else TABLE_ACTIONS)
    for statement in statements:
        for resource in _listed(statement.get("Resource", statement.get("NotResource"))):
            _check_resource(resource, of_stream=of_stream)
    if any(_is_unbounded(statement) for statement in statements):
        raise ValidationException(
            "Resource-based policy grants unbounded access in one or more elements. Please revise "
            "the policy to ensure least-privilege form of access"
        )
    return orjson.dumps(policy).decode()


def shuts_out(document: str, account: str, arn: str) -> bool:
    """Whether a canonical policy denies all of `account` to put another in its place.

    A Deny with a Condition, or of one user or role, is not taken to meet the caller.
    """
    root = f"arn:aws:iam::{account}:root"
    for statement in orjson.loads(document)["Statement"]:
        if (
            statement["Effect"] == "Deny"
            and "Condition" not in statement
            and _names(statement, "Principal", {"*", root}.__contains__)
            and _names(statement, "Action", _matcher("dynamodb:putresourcepolicy", str.lower))
            and _names(statement, "Resource", _matcher(arn, str))
        ):
            return True
    return False


def _names(statement: Statement, member: str, meets: Callable[[str], bool]) -> bool:
    """Whether a member of a statement, or else its opposite, includes what `meets` looks for."""
    if member in statement:
        return any(map(meets, _texts(statement[member])))
    return not any(map(meets, _texts(statement[f"Not{member}"])))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _listed(inner)
    else:
        yield from _listed(value)


def _matcher(text: str, fold: Callable[[str], str]) -> Callable[[str], bool]:
    return lambda pattern: _matches(fold(pattern), text)


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern of IAM's, where * is any text and ? any character, matches `text`.

    Only the last * seen is tried again, so that the time is bounded by the product of lengths.
    """
    at = place = 0
    star, retried = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, retried = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            retried += 1
            at, place = star + 1, retried
        else:
            return False
    return not pattern[at:].strip("*")


def _malformed(reason: str) -> ValidationException:
    return ValidationException(f"{_INVALID}Invalid policy document: {reason}")


def _canonical(text: str) -> dict[str, Any]:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = []
    if policy is None:
        raise _malformed("This text appears not to be a policy")
    if not isinstance(policy, dict):
        raise _malformed("This policy contains invalid Json")
    broken = _syntax_error(text)
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if (
        not isinstance(statements, list)
        or not all(isinstance(statement, dict) for statement in statements)
        or policy.keys() - set(_ROOT_MEMBERS)
        or policy.get("Version", _OLD_VERSION) not in _VERSIONS
        or not isinstance(policy.get("Id", ""), str)
    ):
        raise broken
    if not statements:
        raise _malformed("Could not parse the policy: Statement is empty!")
    kept = {name: policy[name] for name in ("Version", "Id") if name in policy}
    return {**kept, "Statement": [_statement(each, broken) for each in statements]}


def _syntax_error(text: str) -> ValidationException:
    """The error of a document that is JSON, but no policy; it points behind the document."""
    lines = text.split("\n")
    return _malformed(f"Syntax error at position ({len(lines)},{len(lines[-1]) + 1})")


def _statement(statement: Statement, broken: ValidationException) -> Statement:
    """A statement's canonical form; raises `broken` for what is none."""
    if "Effect" not in statement:
        raise _malformed("Missing required field Effect")
    effect = statement["Effect"]
    if (
        statement.keys() - set(_STATEMENT_NAMES)
        or not isinstance(effect, str)
        or effect.lower() not in _EFFECTS
        or not isinstance(statement.get("Sid", ""), str)
    ):
        raise broken
    found: Statement = {"Sid": statement["Sid"]} if "Sid" in statement else {}
    found["Effect"] = _EFFECTS[effect.lower()]
    for pair in _STATEMENT_MEMBERS:
        given = [member for member in pair if member in statement]
        if not given:
            raise _malformed(f"Missing required field {pair[0]}")
        if len(given) > 1:
            raise broken
        value = statement[given[0]]
        if pair[0] == "Principal":
            found[given[0]] = _principal(value, broken)
        else:
            found[given[0]] = _scalar(_checked_texts(value, broken))
    if "Condition" in statement:
        found["Condition"] = _condition(statement["Condition"], broken)
    return found


def _principal(value: Any, broken: ValidationException) -> Any:
    if value == "*":
        return value
    if not isinstance(value, dict) or not value or value.keys() - set(_PRINCIPAL_KINDS):
        raise broken
    found: dict[str, Any] = {}
    for kind, texts in value.items():
        names = _checked_texts(texts, broken)
        if kind == "AWS":
            names = list(dict.fromkeys(map(_account_principal, names)))
        found[kind] = _scalar(names)
    return found


def _account_principal(name: str) -> str:
    """A principal of AWS, an account as its root; whether it exists is not known here."""
    if _ACCOUNT.fullmatch(name):
        return f"arn:aws:iam::{name}:root"
    if name != "*" and _PRINCIPAL_ARN.fullmatch(name) is None:
        raise ValidationException(f"{_INVALID}Invalid principal in policy document.")
    return name


def _condition(value: Any, broken: ValidationException) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise broken
    return {
        operator: {key: _scalar(_condition_values(values, broken)) for key, values in keys.items()}
        for operator, keys in value.items()
    }


def _condition_values(value: Any, broken: ValidationException) -> list[Any]:
    values = _listed(value)
    if any(each is None or isinstance(each, (list, dict)) for each in values):
        raise broken
    return values


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _scalar(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _checked_texts(value: Any, broken: ValidationException) -> list[str]:
    texts = _listed(value)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise broken
    return texts


def _check_actions(statements: list[Statement], known: frozenset[str]) -> None:
    actions = [
        action
        for statement in statements
        for action in _listed(statement.get("Action", statement.get("NotAction")))
    ]
    targets = [f"dynamodb:{name}".lower() for name in known]
    unknown = [
        action
        for action in dict.fromkeys(actions)
        if not any(_matches(action.lower(), target) for target in targets)
    ]
    if unknown:
        names = ", ".join(f'"{action}"' for action in unknown)
        raise _malformed(f"The following action names are invalid: {names}")


def _check_resource(resource: str, *, of_stream: bool) -> None:
    if resource == "*":
        return
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise _malformed(f'Resource {resource} must be in ARN format or "*"')
    relative = parts[5]
    is_stream = "/stream/" in relative
    if of_stream != is_stream and (is_stream or "*" not in relative):
        raise _malformed(f'The relative-id "{relative}" is invalid for ARN "{resource}"')


def _is_unbounded(statement: Statement) -> bool:
    if statement["Effect"] != "Allow":
        return False
    if "Principal" in statement and "*" not in _texts(statement["Principal"]):
        return False
    return not any(
        _BOUNDING_OPERATORS.fullmatch(operator)
        and key.lower() in _BOUNDING_KEYS
        and not any("*" in str(value) for value in _listed(values))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )
