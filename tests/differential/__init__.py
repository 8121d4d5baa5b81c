"""The same requests sent to genset and to DynamoDB Local, answers compared."""
