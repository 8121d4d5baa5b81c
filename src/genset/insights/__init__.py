"""Contributor insights: the keys that use a table most, or are refused most, counted.

What an operation tells its meter comes to `watching`, which hands it on to the meter that throttles
and counts it in `contributors`, by the minute; `top_keys` counts many keys in little memory, and
`report` puts the counts beside the rules that the catalog has. The counts are one process's, in
memory: CloudWatch, which keeps them at AWS, is not here.
"""
