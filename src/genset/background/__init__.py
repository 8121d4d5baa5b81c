"""Jobs beside the requests, each idempotent and resumable.

`sweep` removes what is left over, `backfill` fills indexes that were created on live tables.
"""
