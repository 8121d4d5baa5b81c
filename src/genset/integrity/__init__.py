"""Whether a store is sound, and mending what can be made anew from its items.

`check` reads a store in one view, in the order of keys: `catalog` first, which says what there is;
then `tables`, one after the other: the items, and beside what follows from them (`derived`, which
`sorting` sorts in bounded memory and `comparison` lays beside what is there) the `indexes`,
`queues` of expiring items, `counters` and `item_collections`; `streams`; `marks`, the small records
of what is under way; and `orphans`, what belongs to nothing. What they find are `findings`:
problems, some with one of the `mends`, which `repair` takes, and then checks again.

It knows nothing of files, servers or the command line.
"""
