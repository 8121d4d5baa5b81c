"""Seeded simulation of the whole server: its disk, clock, threads, network, background and end.

`faulty_vfs` is the disk, `weather` what it does and when; `virtual_loop` is the clock and the
threads, `network` what lies between clients and server. `requests` draws what clients ask,
`world` knows naively what it should come to, `ledger` compares the two and follows what the
background does, `invariants` reads all that is stored. `simulation` puts them together.
"""
