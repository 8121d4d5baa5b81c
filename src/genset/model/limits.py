"""Every limit of the data plane, with the page that states it.

[L] https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
[Q] https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
[T] https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
[M] the published service model (botocore, dynamodb 2012-08-10)
"""

from typing import Final

ITEM_BYTES_MAX: Final = 409_600  # [L]
PARTITION_KEY_BYTES_MAX: Final = 2048  # [L]
SORT_KEY_BYTES_MAX: Final = 1024  # [L]
ATTRIBUTE_NAME_BYTES_MAX: Final = 65_535  # [M]
KEY_ATTRIBUTE_NAME_BYTES_MAX: Final = 255  # [L]
NESTING_LEVELS_MAX: Final = 32  # [L]

NUMBER_DIGITS_MAX: Final = 38  # [L]
NUMBER_EXPONENT_MAX: Final = 125  # [L]
NUMBER_EXPONENT_MIN: Final = -130  # [L]

PAGE_BYTES_MAX: Final = 1_048_576  # Query and Scan, before filter and projection [L]
READ_UNIT_BYTES: Final = 4096  # [L]
WRITE_UNIT_BYTES: Final = 1024  # [L]

LOCAL_INDEXES_MAX: Final = 5  # [L]
GLOBAL_INDEXES_MAX: Final = 20  # [Q]
PROJECTED_ATTRIBUTES_MAX: Final = 100  # over all indexes of a table, counted per index [Q]
KEY_ATTRIBUTES_MAX: Final = 4  # partition or sort attributes of a global index [L]
ITEM_COLLECTION_BYTES_MAX: Final = 10 * 1024**3  # tables with local indexes [L]

BATCH_GET_KEYS_MAX: Final = 100  # [M]
BATCH_WRITE_REQUESTS_MAX: Final = 25  # [M]
BATCH_RESPONSE_BYTES_MAX: Final = 16 * 1024 * 1024  # [M]
TRANSACTION_ACTIONS_MAX: Final = 100  # [M]
TRANSACTION_BYTES_MAX: Final = 4 * 1024 * 1024  # [M]
CLIENT_TOKEN_SECONDS: Final = 600  # [M]

STREAM_RECORDS_MAX: Final = 1000  # of one GetRecords [M]
STREAM_PAGE_BYTES_MAX: Final = 1_048_576  # of one GetRecords [M]
STREAM_SHARDS_LISTED_MAX: Final = 100  # [M]
STREAMS_LISTED_MAX: Final = 100  # [M]
STREAM_KEEP_SECONDS: Final = 86_400  # how long stream records are kept [M]
SHARD_ITERATOR_SECONDS: Final = 900  # [M]

TTL_PAST_SECONDS_MAX: Final = 5 * 365 * 86_400  # what expired longer ago stays [T]
# The API reference says an hour; observed in October 2026: refused after 1812 s, not after 1872 s.
TTL_COOLDOWN_SECONDS: Final = 1860

TABLES_LISTED_MAX: Final = 100  # [M]
REQUEST_BYTES_MAX: Final = 16 * 1024 * 1024  # [L]
