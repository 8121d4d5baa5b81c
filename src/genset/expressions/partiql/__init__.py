"""PartiQL, as DynamoDB has it: statement text to plans that hold no values.

Pure and synchronous; knows items and values, nothing of tables, requests or storage. Conditions
and updates become the trees and plans of all other expressions.

In the order in which a statement meets them:

- `errors`: the form of a malformed statement's error, and of a position
- `lexer`, `cursor`, `expression_parser`, `parser`, `syntax`: text to tokens to what was written,
  whatever it means
- `literals`, `conditions`, `translation`, `tree`: what was written to the statements that the
  service has
- `printing`: a statement as text again
- `columns`: the select list
- `key_plan`: which keys a WHERE clause reads
- `statements`: statements with everything compiled, cached by their text
"""
