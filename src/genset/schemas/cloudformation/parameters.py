"""The values of a template's parameters: given, by default, or unknown.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from typing import Final

from genset.schemas import nodes
from genset.schemas.nodes import Node, Unknown
from genset.schemas.parameters import Parameters

_OF_STORE: Final = "AWS::SSM::Parameter::Value"
_LISTS: Final = ("CommaDelimitedList", "List<")


def parameter_value(name: str, declared: Node, parameters: Parameters) -> Node:
    """The value of the parameter `name`, which the template declares.

    Raises SchemaError if the value is none that the declaration allows.
    """
    kind = nodes.text(nodes.required(declared, "Type", f"the parameter {name}"), "Type")
    given = parameters.find(name)
    if given is None:
        value = declared.get("Default")
        if value is None:
            reason = f"the parameter {name} has no default; give it with --parameter {name}=VALUE"
            return declared.with_data(Unknown(reason))
        if kind.startswith(_OF_STORE):
            reason = f"{name} is in the parameter store; give it with --parameter {name}=VALUE"
            return declared.with_data(Unknown(reason))
    else:
        value = declared.with_data(given)
    _check(name, declared, value)
    if any(each in kind for each in _LISTS):
        parts = nodes.text(value, f"the parameter {name}").split(",")
        return value.with_data([value.with_data(part.strip()) for part in parts])
    return value


def _check(name: str, declared: Node, value: Node) -> None:
    text = nodes.text(value, f"the parameter {name}")
    allowed = declared.get("AllowedValues")
    if allowed is not None:
        choices = [nodes.text(each, "an allowed value") for each in nodes.items(allowed, "them")]
        if text not in choices:
            raise declared.error(
                f"the parameter {name} must be one of {', '.join(choices)}, not {text}"
            )
    pattern = declared.get("AllowedPattern")
    if pattern is not None and not _matches(pattern, text):
        raise declared.error(f"the parameter {name} does not match its AllowedPattern: {text}")


def _matches(pattern: Node, text: str) -> bool:
    try:
        return re.fullmatch(nodes.text(pattern, "AllowedPattern"), text) is not None
    except re.error:
        # CloudFormation's expressions are Java's; one that is not also Python's is not judged.
        return True
