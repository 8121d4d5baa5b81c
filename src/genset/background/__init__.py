"""Jobs beside the requests, each idempotent and resumable: `sweep` removes what is left over,
`streams` rolls, splits and trims the shards of streams."""
