"""DynamoDB's data model as pure code: no HTTP, no storage, no clock.

In the order data meets them: `errors`, `limits`, `numbers`, `attribute_values`, `sizes`, `items`
(the stored form), `table_names`, `attached_policies`, `tables` (schemas), `index_states`, `keys`
(key checks and order-preserving bytes), `capacity`.
"""
