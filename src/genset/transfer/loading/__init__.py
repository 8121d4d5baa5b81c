"""Writing records to a table, quickly and without losing one, in the order data meets it:

- `loader`: reads sources and deals their records out to threads, those of a key to the same one;
- `batch_writer`: writes batches, again and again until all is taken or refused for itself;
- `patience`: how long it waits between tries, and when it gives up;
- `rate_limit`: how fast it may go;
- `ledger`: what became of each record, in the order of the sources;
- `state`: the file that says how far that is, for a later run.
"""
