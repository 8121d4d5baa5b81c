"""Expressions: text to tree to plan, and what a plan does to an item.

Pure and synchronous; knows items and values, nothing of tables, requests or storage. A plan
holds no values and is cached by its text and names; a request's values are given to its methods.

In the order in which an expression meets them:

- `errors`: the kinds of expression and the form of their errors
- `lexer`, `parser`, `tree`: text to tokens to the one tree of all expressions, and back to text
- `reserved_words`, `static_checks`: what is refused before any item is read
- `paths`: document paths, resolved and joined; overlaps
- `evaluation`: conditions as closures
- `condition`, `key_condition`, `projection`, `update`: a plan for each kind of expression
- `update_charge`: what an update counts for against the limit on its size
- `cache`: how plans are kept
- `placeholders`: the maps of names and values, apart from any one expression
- `legacy`: the older parameters, as the same trees and plans
"""
