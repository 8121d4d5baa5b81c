"""Moving items and tables between files, other servers and a table: a client of DynamoDB's API.

It knows nothing of the server but its limits, and works with any. In the order data meets it:

- `sources` opens files; `formats` reads and writes them; `s3_export` reads and writes DynamoDB's
  exports to S3; `origins` reads the data of other servers;
- `records` is what readers give and writers take: a record or a fault, with its place;
- `loading` writes records to a table; `scanning` reads a table, its segments `side_by_side`;
  `tables` and `creation` know what a table's description says, and create one like it;
  `verification` compares what was copied;
- `plain` and `canonical` are forms of items: as plain JSON, and one form for all that are equal.
"""
