"""Terraform's functions that tables are written with.

Each takes the values of its arguments and a place for what it makes, and returns data. With an
argument that is not known, its value is not known either.
https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from genset.schemas import nodes
from genset.schemas.nodes import Data, Node, Unknown
from genset.schemas.problems import Place, SchemaError
from genset.schemas.yaml_text import parse_yaml

Function = Callable[[list[Node], Place], Data]

_FORMAT: Final = re.compile(r"%(?:%|([-+ 0#]*\d*(?:\.\d+)?)([vsdqtfgxX]))")


def _plain(function: Callable[..., Any]) -> Function:
    """A function of plain values."""

    def call(arguments: list[Node], place: Place) -> Data:
        for each in arguments:
            unknown = nodes.find_unknown(each)
            if unknown is not None:
                return unknown
        try:
            made = function(*map(nodes.plain, arguments))
        except (TypeError, ValueError, LookupError, AttributeError, re.error) as error:
            raise SchemaError.at(place, f"the function cannot do that: {error}") from None
        return nodes.node_of(made, place).data

    return call


def _merge(arguments: list[Node], place: Place) -> Data:
    """Members that are not known stay so, and the others are what they are."""
    merged: dict[str, Node] = {}
    for each in arguments:
        if isinstance(each.data, Unknown):
            return each.data
        if each.data is not None:
            merged |= nodes.members(each, "what is merged")
    return merged


def _concat(arguments: list[Node], place: Place) -> Data:
    listed: list[Node] = []
    for each in arguments:
        if isinstance(each.data, Unknown):
            return each.data
        listed += nodes.items(each, "what is joined")
    return listed


def _decode_yaml(arguments: list[Node], place: Place) -> Data:
    if isinstance(arguments[0].data, Unknown):
        return arguments[0].data
    return parse_yaml(nodes.text(arguments[0], "what is decoded"), place.file).data


def _lookup(arguments: list[Node], place: Place) -> Data:
    if len(arguments) not in (2, 3):
        raise SchemaError.at(place, "lookup takes a map, a key and a default")
    for each in arguments[:2]:
        if isinstance(each.data, Unknown):
            return each.data
    found = nodes.members(arguments[0], "a map").get(nodes.text(arguments[1], "a key"))
    if found is None and len(arguments) == 3:
        found = arguments[2]
    if found is None:
        raise SchemaError.at(place, f"lookup: there is no {arguments[1].data}")
    return found.data


def _same(arguments: list[Node], place: Place) -> Data:
    return arguments[0].data


def _unique(listed: list[Any]) -> list[Any]:
    """The values, each once; they may be mappings."""
    kept: list[Any] = []
    for each in listed:
        if each not in kept:
            kept.append(each)
    return kept


def _set(listed: list[Any]) -> list[Any]:
    """The elements of a set as Terraform goes through them: texts in order."""
    unique = _unique(listed)
    return sorted(unique) if all(isinstance(each, str) for each in unique) else unique


def _union(*sets: list[Any]) -> list[Any]:
    return _set([each for given in sets for each in given])


def _intersection(first: list[Any], *others: list[Any]) -> list[Any]:
    return _set([each for each in first if all(each in given for given in others)])


def _regex(pattern: str, text: str) -> Any:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"{text} does not match {pattern}")
    return found.groupdict() or list(found.groups()) or found.group()


def _coalesce(*values: Any) -> Any:
    return next(value for value in values if value not in (None, ""))


def _flatten(listed: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for each in listed:
        flat += _flatten(each) if isinstance(each, list) else [each]
    return flat


def _text(value: Any) -> str:
    if value is None:
        raise ValueError("null is no text")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _format(pattern: str, *values: Any) -> str:
    left = list(values)

    def formatted(found: re.Match[str]) -> str:
        if found.group() == "%%":
            return "%"
        flags, verb = found.groups()
        value = left.pop(0)
        if verb in "vst":
            return f"%{flags}s" % _text(value)
        if verb == "q":
            return json.dumps(value)
        return f"%{flags}{verb}" % (int(value) if verb in "dxX" else float(value))

    return _FORMAT.sub(formatted, pattern)


def _formatlist(pattern: str, *values: Any) -> list[str]:
    count = max(len(value) for value in values if isinstance(value, list))
    rows = [[v[n] if isinstance(v, list) else v for v in values] for n in range(count)]
    return [_format(pattern, *row) for row in rows]


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old[0] == old[-1] == "/":
        return re.sub(old[1:-1], re.sub(r"\$(\d)", r"\\\1", new), text)
    return text.replace(old, new)


def _element(listed: list[Any], index: int) -> Any:
    return listed[index % len(listed)]


def _slice(listed: list[Any], start: int, stop: int) -> list[Any]:
    return listed[start:stop]


def _substr(text: str, start: int, length: int) -> str:
    return text[start:] if length < 0 else text[start : start + length]


def _one(listed: list[Any]) -> Any:
    if len(listed) > 1:
        raise ValueError("one takes at most one element")
    return listed[0] if listed else None


def _number(value: Any) -> Any:
    number = float(value)
    return int(number) if number.is_integer() else number


def _bool(value: Any) -> bool:
    return {"true": True, "false": False}[_text(value)]


def _range(*bounds: int) -> list[int]:
    return list(range(*bounds))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "merge": _merge,
    "concat": _concat,
    "lookup": _lookup,
    "tolist": _same,
    "tomap": _same,
    "sensitive": _same,
    "nonsensitive": _same,
    "toset": _plain(_set),
    "setunion": _plain(_union),
    "setintersection": _plain(_intersection),
    "setsubtract": _plain(lambda given, gone: _set([each for each in given if each not in gone])),
    "abs": _plain(abs),
    "alltrue": _plain(lambda listed: all(map(_bool, listed))),
    "anytrue": _plain(lambda listed: any(map(_bool, listed))),
    "ceil": _plain(math.ceil),
    "chomp": _plain(lambda text: text.rstrip("\r\n")),
    "coalesce": _plain(_coalesce),
    "coalescelist": _plain(lambda *lists: next(filter(None, lists))),
    "compact": _plain(lambda listed: [each for each in listed if each]),
    "contains": _plain(lambda listed, value: value in listed),
    "distinct": _plain(_unique),
    "element": _plain(_element),
    "endswith": _plain(lambda text, end: text.endswith(end)),
    "flatten": _plain(_flatten),
    "floor": _plain(math.floor),
    "format": _plain(_format),
    "formatlist": _plain(_formatlist),
    "index": _plain(lambda listed, value: listed.index(value)),
    "join": _plain(lambda between, listed: between.join(map(_text, listed))),
    "jsondecode": _plain(json.loads),
    "jsonencode": _plain(_json),
    "keys": _plain(sorted),
    "length": _plain(len),
    "lower": _plain(lambda text: text.lower()),
    "max": _plain(max),
    "min": _plain(min),
    "one": _plain(_one),
    "range": _plain(_range),
    "regex": _plain(_regex),
    "regexall": _plain(lambda pattern, text: re.findall(pattern, text)),
    "replace": _plain(_replace),
    "reverse": _plain(lambda listed: listed[::-1]),
    "slice": _plain(_slice),
    "sort": _plain(sorted),
    "split": _plain(lambda between, text: text.split(between)),
    "startswith": _plain(lambda text, start: text.startswith(start)),
    "strcontains": _plain(lambda text, part: part in text),
    "strrev": _plain(lambda text: text[::-1]),
    "substr": _plain(_substr),
    "sum": _plain(sum),
    "title": _plain(lambda text: re.sub(r"\b[a-z]", lambda found: found.group().upper(), text)),
    "tobool": _plain(_bool),
    "tonumber": _plain(_number),
    "tostring": _plain(_text),
    "trim": _plain(lambda text, cut: text.strip(cut)),
    "trimprefix": _plain(lambda text, start: text.removeprefix(start)),
    "trimspace": _plain(lambda text: text.strip()),
    "trimsuffix": _plain(lambda text, end: text.removesuffix(end)),
    "upper": _plain(lambda text: text.upper()),
    "yamldecode": _decode_yaml,
    "values": _plain(lambda members: [members[name] for name in sorted(members)]),
    "zipmap": _plain(lambda names, values: dict(zip(names, values, strict=True))),
}
