"""The `genset` command.

`main` runs a command line. `commands` has a module for each command, with its options and its help,
which is all that `genset --help` needs. What the commands do is in the other packages, by what it
is about: `serving` and `stores` for what runs on data of one's own; and for what asks a server
`asking`, `items`, `tables`, `streams`, `sql` and `transfers`. All of them speak through `printing`.
"""
