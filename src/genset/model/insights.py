"""Contributor insights of a table or global index: states, modes and rules.

Sources: developer guide, "CloudWatch contributor insights for DynamoDB: How it works"; the rest
as observed on the service in October 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ACCESSED_AND_THROTTLED: Final = "ACCESSED_AND_THROTTLED_KEYS"
THROTTLED: Final = "THROTTLED_KEYS"

ACCESSED_PARTITIONS: Final = "PKC"
ACCESSED_ITEMS: Final = "SKC"
THROTTLED_PARTITIONS: Final = "PKT"
THROTTLED_ITEMS: Final = "SKT"

_ITEM_RULES: Final = (ACCESSED_ITEMS, THROTTLED_ITEMS)
_ACCESS_RULES: Final = (ACCESSED_PARTITIONS, ACCESSED_ITEMS)
_RULES: Final = (*_ACCESS_RULES, THROTTLED_PARTITIONS, THROTTLED_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """What UpdateContributorInsights set last. Times are seconds since the epoch.

    The rules were made at `created_at`; a change of mode, at `changed_at`, keeps those that it can.
    A change is under way until `settled_at`.
    """

    mode: str
    enabled: bool
    created_at: float
    changed_at: float
    settled_at: float

    def status(self, now: float) -> str:
        """The ContributorInsightsStatus."""
        if self.enabled:
            return "ENABLING" if now < self.settled_at else "ENABLED"
        return "DISABLING" if now < self.settled_at else "DISABLED"

    def status_since(self, now: float) -> float:
        """When the status became what it is."""
        return self.changed_at if now < self.settled_at else max(self.changed_at, self.settled_at)

    def rules(self, *, has_sort_key: bool) -> tuple[str, ...]:
        """The rules that the mode asks for, of a table or index with or without a sort key."""
        if not self.enabled:
            return ()
        return tuple(
            rule
            for rule in _RULES
            if (has_sort_key or rule not in _ITEM_RULES)
            and (self.mode == ACCESSED_AND_THROTTLED or rule not in _ACCESS_RULES)
        )

    def rule_since(self, rule: str) -> float:
        """When a rule was made: a change to the mode that has rules of access makes those anew."""
        return self.changed_at if rule in _ACCESS_RULES else self.created_at

    def rule_name(self, rule: str, resource: str) -> str:
        """The name of a rule of CloudWatch for a table, or for "table-index"."""
        return f"DynamoDBContributorInsights-{rule}-{resource}-{int(self.created_at * 1000)}"
