"""DynamoDB's operations, a module each, over a transaction of the storage engine.

`operation` (what one is), `catalog` (finding tables), `parameters` (expression parameters),
`capacity`, `item_store` (an item, its index entries and counters), `writes` and `item_writes`
(what all writes share), `reads` (what Query and Scan share), then a module for each operation,
collected in `registry`.
"""
