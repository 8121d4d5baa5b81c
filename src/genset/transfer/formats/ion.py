"""Amazon Ion, as DynamoDB exports it to S3 and imports it: its text, an item on each line.

`$ion_1_0 {Item:{Id:103.,Tags:$dynamodb_SS::["a"]}}`: strings are S, decimals N, blobs B, and lists
with an annotation sets (developer guide, "DynamoDB table export output format"). A line of an
incremental export has the members that `dynamodb_json` explains, in `Record` or bare. Only what
stands for items is known of Ion (https://amazon-ion.github.io/ion-docs/ specifies it): there are no
timestamps, s-expressions, clobs or symbol tables.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, Final

from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.lines import read_lines
from genset.transfer.plain import Item
from genset.transfer.records import Readings

MARKER: Final = "$ion_1_0"
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<long>'''(?:[^'\\]|\\.|'(?!''))*''')
    | (?P<symbol>'(?:[^'\\]|\\.)*')
    | (?P<blob>\{\{[A-Za-z0-9+/=\s]*\}\})
    | (?P<number>-?\d[\d_]*(?:\.[\d_]*)?(?:[dDeE][-+]?\d+)?)
    | (?P<null>null(?:\.[a-z]+)?(?![\w$]))
    | (?P<word>[A-Za-z_$][\w$]*)
    | (?P<sign>::|[\[\]{}:,])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPED: Final = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "v": "\v",
    "\n": "",
}
_BARE: Final = re.compile(r"(?!(?:null|true|false|nan)\b)[A-Za-z_]\w*", re.ASCII)
_SETS: Final = {f"$dynamodb_{kind}": kind for kind in ("SS", "NS", "BS")}

Value = dict[str, Any]


class _Parser:
    """Reads the values of one line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._advance()

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            if self._text[self._at :].strip():
                raise ValueError(f"it is not Ion at character {self._at + 1}")
            self._kind, self._token = "end", ""
            return
        self._at = found.end()
        self._kind = str(found.lastgroup)
        self._token = found[self._kind]

    def _is_next(self, sign: str) -> bool:
        """Whether the next token is this one, which is passed then."""
        if self._kind in ("sign", "word") and self._token == sign:
            self._advance()
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._is_next(sign):
            raise ValueError(f"it is not Ion: {sign} is missing before character {self._at + 1}")

    def record(self) -> Value:
        """The value of the line, which may begin with the version's marker."""
        self._is_next(MARKER)
        value = self._value()
        if self._kind != "end":
            raise ValueError(f"there is something after the item, at character {self._at}")
        return value

    def _value(self) -> Value:
        kind, token = self._kind, self._token
        self._advance()
        if kind in ("word", "symbol") and self._is_next("::"):
            return _as_set(token if kind == "word" else _unescaped(token[1:-1]), self._value())
        if kind in _SCALARS:
            return _SCALARS[kind](token)
        if kind == "long":
            return {"S": self._long(token)}
        if token in ("true", "false"):
            return {"BOOL": token == "true"}
        if token == "[":
            return {"L": self._elements()}
        if token == "{":
            return {"M": self._members()}
        raise ValueError(f"it is no value of an item: {token or 'the end of the line'}")

    def _long(self, token: str) -> str:
        """A text of several parts."""
        parts = [_unescaped(token[3:-3])]
        while self._kind == "long":
            parts.append(_unescaped(self._token[3:-3]))
            self._advance()
        return "".join(parts)

    def _elements(self) -> list[Value]:
        found: list[Value] = []
        while not self._is_next("]"):
            found.append(self._value())
            if self._token != "]":
                self._expect(",")
        return found

    def _members(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not self._is_next("}"):
            name = self._name()
            self._expect(":")
            found[name] = self._value()
            if self._token != "}":
                self._expect(",")
        return found

    def _name(self) -> str:
        kind, token = self._kind, self._token
        self._advance()
        if kind == "word":
            return token
        if kind in ("symbol", "string"):
            return _unescaped(token[1:-1])
        raise ValueError(f"it is no name: {token}")


def _number(token: str) -> Value:
    digits = token.replace("_", "").lower().replace("d", "E").replace("e", "E")
    return {"N": digits.replace(".E", "E").rstrip(".")}


_SCALARS: Final[Mapping[str, Callable[[str], Value]]] = {
    "string": lambda token: {"S": _unescaped(token[1:-1])},
    "number": _number,
    "null": lambda _: {"NULL": True},
    "blob": lambda token: {"B": base64.b64decode("".join(token[2:-2].split()), validate=True)},
}


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)


def _as_set(annotation: str, value: Value) -> Value:
    kind = _SETS.get(annotation)
    if kind is None or "L" not in value:
        raise ValueError(f"{annotation} is no annotation of an item's values")
    try:
        return {kind: [each[kind[0]] for each in value["L"]]}
    except KeyError:
        raise ValueError(f"{annotation} has an element of another type") from None


def read(stream: BinaryIO, name: str, _: Options) -> Readings:
    """A record for each line that is not blank."""
    return read_lines(stream, name, _record)


def _record(line: bytes) -> tuple[Item, bool]:
    document = _struct(_Parser(line.decode()).record())
    if document.keys() == {"Item"}:
        return _struct(document["Item"]), False
    if document.keys() == {"Record"}:
        document = _struct(document["Record"])
    image = document.get("NewImage")
    if image is None and "Keys" not in document:
        raise ValueError("it has neither Item nor Record")
    return _struct(image or document["Keys"]), image is None


def _struct(value: Value) -> dict[str, Value]:
    if "M" not in value:
        raise ValueError("an item must be a struct")
    members: dict[str, Value] = value["M"]
    return members


def write(items: Iterable[Item], out: BinaryIO, _: Options) -> int:
    """A line for each item."""
    count = 0
    for item in items:
        out.write(f"{MARKER} {{Item:{_text({'M': item})}}}\n".encode())
        count += 1
    return count


def _text(value: Value) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return json.dumps(content, ensure_ascii=False)
        case "N":
            return _decimal(content)
        case "B":
            return f"{{{{{base64.b64encode(content).decode()}}}}}"
        case "BOOL":
            return "true" if content else "false"
        case "L":
            return f"[{','.join(map(_text, content))}]"
        case "M":
            members = [f"{_symbol(name)}:{_text(each)}" for name, each in content.items()]
            return f"{{{','.join(members)}}}"
        case "SS" | "NS" | "BS":
            return f"$dynamodb_{kind}::[{','.join(_text({kind[0]: each}) for each in content)}]"
    return "null"


def _decimal(number: str) -> str:
    text = number.upper().replace("E", "d").removeprefix("+")
    return text if "." in text or "d" in text else f"{text}."


def _symbol(name: str) -> str:
    if _BARE.fullmatch(name):
        return name
    inner = json.dumps(name, ensure_ascii=False)[1:-1].replace("'", "\\'")
    return f"'{inner}'"


ION = Format("ion", (".ion",), read, write)
