"""What an application meets at AWS and not on a laptop: throttling, faults, latency and lag.

All of it is off unless asked for, and decided here, between the wire and the operations:
`switches` are the settings and their JSON, `memory` what the processes of a server share,
`throttling` the capacity that tables have and `sentences` what is said when it is exceeded,
`faults` and `latency` what one request meets, `lag` the past that eventually consistent reads see,
and `realism` holds them together for one process.
"""
