"""Where DynamoDB Local is known to differ from the service, each with the source that says so.

A difference is data: what Local answers, what the service (and genset) answers, and the evidence.
An answer pair that no entry covers fails the test. Sources: "observed N" is a section of the
project's notes on the live service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Both refuse with the same type, in other words."""

    local: str
    service: str
    source: str

    def covers(self, local: str, service: str) -> bool:
        return bool(re.fullmatch(self.local, local, re.DOTALL)) and bool(
            re.fullmatch(self.service, service, re.DOTALL)
        )


INVALID = "One or more parameter values were invalid: "
NUMBER = "The parameter cannot be converted to a numeric value.*"
AT_RUN_TIME = (
    "An operand in the update expression has an incorrect data type"
    "|The document path provided in the update expression is invalid for update"
    "|The provided expression refers to an attribute that does not exist in the item"
)
VALUE_WRAPPER = "ExpressionAttributeValues contains invalid value: "

WORDINGS = [
    Wording(local=".*A value provided cannot be converted into a number.*",
            service=f"(.*: )?{NUMBER}", source="observed 3"),
    Wording(local=".*DynamoDB only supports precision up to 38 digits.*",
            service=".*more than 38 significant digits.*", source="observed 3"),
    Wording(local=".*Number overflow.*|.*magnitude larger.*", service=".*Number overflow.*",
            source="observed 3"),
    Wording(local=".*Number underflow.*|.*magnitude smaller.*", service=".*Number underflow.*",
            source="observed 3"),
    Wording(local=".*Input collection .*contains duplicates.*",
            service=".*Input collection .*contains duplicates.*", source="observed 3"),
    Wording(local=f"({VALUE_WRAPPER})?{INVALID}(An? .* set .*may not be empty.*|.*empty.*)",
            service=f"({VALUE_WRAPPER})?{INVALID}(An (string|number) set  may not be empty|"
            "Binary sets should not be empty).*", source="observed 2, 3"),
    Wording(local=f"{VALUE_WRAPPER}.*", service=".*", source="observed 2: wrapper in dispute"),
    Wording(local=f"{INVALID}Type mismatch for key", service=f"{INVALID}Type mismatch for key .*",
            source="observed 4 [A]"),
    Wording(local="Invalid attribute value type",
            service=f"{INVALID}Type mismatch for (key|Index Key) .*", source="observed 4 [A]"),
    Wording(local=f"{INVALID}Type mismatch for Index Key",
            service=f"{INVALID}Type mismatch for Index Key .*", source="observed 4 [A]"),
    Wording(local=".*key attribute cannot contain an empty.*|.*empty string value.*",
            service=".*cannot contain an empty (string|binary) value.*", source="observed 4 [A]"),
    Wording(local=r"(Invalid \w+Expression: Incorrect operand type for operator or function; "
            r"operator: \w+, operand type: \w+), typeSet: .*",
            service=r"Invalid \w+Expression: Incorrect operand type for operator or function; "
            r"operator: \w+, operand type: \w+, typeSet: ALLOWED_FOR_ADD_OPERAND",
            source="observed in September 2026, for DELETE too; Local also has longer type names"),
    Wording(local="Return values set to invalid value",
            service="ReturnValues can only be ALL_OLD or NONE", source="observed 4 [A]"),
    Wording(local="The conditional request failed\\.?", service="The conditional request failed",
            source="observed 10 [D]"),
    Wording(local=r"Invalid UpdateExpression: Two document paths (overlap|conflict) .*",
            service=r"Invalid UpdateExpression: Two document paths (overlap|conflict) .*",
            source="observed 7 [A] for the text; of three paths Local names one that is apart"),
    Wording(local=r"(One or more parameter values (were|are) .*[Kk]ey.*|The provided key element.*|"
            r"Invalid attribute value type.*|Query condition missed key.*)",
            service=r".*(Invalid \w+Expression|unused in expressions|when using expressions|"
            r"Can not use both|ReturnValues can only|contains invalid|Nesting Levels|Input coll|"
            r"Null attribute|set  may not|numeric value|significant digits|Number (over|under)).*",
            source="observed 1 [A]: all that needs no table is checked before keys and schema"),
    Wording(local=f"({AT_RUN_TIME})", service=f"({AT_RUN_TIME})",
            source="of several run-time faults in one update any may be told; undocumented"),
    Wording(local=r"(Invalid \w+Expression: Invalid attribute type name found; type: \w+, valid "
            r"types: )\{.*\}",
            service=r"Invalid \w+Expression: Invalid attribute type name found; type: \w+, valid "
            r"types: \{.*\}", source="a set printed in no particular order"),
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The two decide otherwise. `local` and `service` match "status type: message"."""

    operation: str
    local: str
    service: str
    source: str


OUTCOMES = [
    Outcome(operation="TransactWriteItems", local="400 ValidationException: .*(incorrect data type|"
            "does not exist in the item|is invalid for update|part of the key|Type mismatch|"
            "Invalid attribute value type).*",
            service="400 TransactionCanceledException: .*ValidationError.*",
            source="observed 10 [A]: what only the data shows cancels with a reason"),
    Outcome(operation="TransactWriteItems", local="400 TransactionCanceledException: .*",
            service="400 ValidationException: Transaction request cannot include multiple "
            "operations on one item",
            source="observed 10 [S]: Local looks at conditions first"),
    Outcome(operation="PutItem|UpdateItem|DeleteItem",
            local="400 ConditionalCheckFailedException: .*",
            service="400 ValidationException: .*Invalid ConditionExpression: .*",
            source="observed 6 [A]: operand types are rejected before any item is read"),
    Outcome(operation="Scan|Query", local="200", service="400 ValidationException: .*Invalid "
            "FilterExpression: .*",
            source="observed 6 [A]: operand types are rejected before any item is read"),
]  # fmt: skip
