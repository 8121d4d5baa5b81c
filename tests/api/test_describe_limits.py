"""DescribeLimits."""


def test_the_default_quotas_of_an_account(api):
    """Observed on the service, October 2026."""
    assert api("DescribeLimits", {}) == {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }
