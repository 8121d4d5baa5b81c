"""What the tests through the public API share.

`values` writes attribute values, `client` sends requests and reads answers exactly, `process` runs
a real server, `local` runs DynamoDB Local, `tables` holds the table definitions, `cases` the form
of a data-driven test, `sizes` DynamoDB's size arithmetic written a second time and naively.
Nothing here imports genset: expected values come from the service's documentation and captures.
"""
