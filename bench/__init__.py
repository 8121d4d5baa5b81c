"""The speed comparison behind ``make bench``: genset and its peers under the same load.

Run it as ``python -m bench`` (``--help`` lists the options). Modules, in the order a run meets
them:

- ``settings``: what is run, from the command line;
- ``peers``: installs the peers into ``.peers/`` and says which versions they are;
- ``servers``: how each server is started; ``processes``: starting, measuring, stopping it;
- ``signing`` and ``client``: SigV4-signed requests, and a small blocking client;
- ``dataset``: the items, the table and its seeding;
- ``workloads``: the requests of each row, and the check of one answer of each;
- ``wrk`` (with ``replay.lua``): one timed run of the load generator;
- ``background``: the bounded load of writes and scans beside the mixed row;
- ``clocks``: who used the processor meanwhile;
- ``footprint``, ``throughput``, ``mixed``, ``growth``, ``features``: the parts of a run;
- ``postgres``: the part on PostgreSQL, with ``database``, its server, ``nodes``, those of genset
  on it, and ``pgbench``, the measure of what they add;
- ``suites``: the part on tests, with ``ways``, how they are run, and the package ``suite``, the
  tests themselves; ``commands``: how long commands take;
- ``results``: what was measured, medians and ratios; ``machine``: where; ``report``,
  ``report_postgres`` and ``report_suites`` (with ``markdown``): RESULTS.md.
"""
