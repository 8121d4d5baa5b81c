"""Whether a store is sound, and mending what can be made anew from its items.

`check` reads a store in one view, in the order of keys: `catalog` first, which says what there is;
then, by `tables`, each table's items beside all that follows from them (`derived` sorts that in
bounded memory, `comparison` lays it beside what is there); `streams`; `marks`, the small records of
what is under way; and `orphans`, what belongs to nothing. What they find are `findings`: problems,
some with a mend. `mends` are the ways to mend, and `repair` takes them, and checks again.

It knows nothing of files, servers or the command line.
"""
