"""Jobs beside the requests, each idempotent and resumable.

`sweep` removes what is left over, `backfill` fills indexes that were created on live tables,
`expiry` deletes what has expired, `streams` rolls, splits and trims the shards of streams. `jobs`
runs them all in one elected process, and `portions` says how much one transaction of theirs takes.
`older_streams` is done once, before all jobs.
"""
