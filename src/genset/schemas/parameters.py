"""The values that the user gives for what files leave open, and which of them were of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from genset.schemas.nodes import Unknown

DEFAULT_REGION: Final = "us-east-1"
DEFAULT_ACCOUNT: Final = "000000000000"
REGION: Final = "AWS::Region"
ACCOUNT: Final = "AWS::AccountId"


class Parameters:
    """Values by name, as `--parameter NAME=VALUE` gives them.

    `region` is where tables will be, and `account` whose, None if that is not known.
    """

    def __init__(
        self,
        given: Mapping[str, str] | None = None,
        *,
        region: str = DEFAULT_REGION,
        account: str | None = DEFAULT_ACCOUNT,
    ) -> None:
        self._given = dict(given or {})
        self._used: set[str] = set()
        self._region = region
        self._account = account

    def find(self, name: str) -> str | None:
        """The value given for `name`, which is then taken to be of use."""
        self._used.add(name)
        return self._given.get(name)

    @property
    def region(self) -> str:
        """The Region."""
        return self.find(REGION) or self._region

    @property
    def account(self) -> str | Unknown:
        """The account's number."""
        return (
            self.find(ACCOUNT)
            or self._account
            or Unknown(f"the account is not known here; give it with --parameter {ACCOUNT}=NUMBER")
        )

    def table_arn(self, name: str) -> str | Unknown:
        """The ARN of a table of that name."""
        account = self.account
        if isinstance(account, Unknown):
            return account
        return f"arn:aws:dynamodb:{self.region}:{account}:table/{name}"

    def unused(self) -> list[str]:
        """The names that nobody asked for: they must be misspelt."""
        pseudo = {name for name in self._given if name.startswith("AWS::")}
        return sorted(set(self._given) - self._used - pseudo)

    def replaced(self, given: Mapping[str, str], *, region: str | None = None) -> Parameters:
        """Those of a nested stack: others, in the same place."""
        place = {name: value for name, value in self._given.items() if name.startswith("AWS::")}
        region = region or self._region
        return Parameters({**place, **given}, region=region, account=self._account)
