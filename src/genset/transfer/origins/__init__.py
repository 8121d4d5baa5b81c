"""Where tables can be moved in from: the data of other servers, and live tables.

- `origin`: what each of them gives: tables as DescribeTable describes them, and their items;
- `dynamodb_local`: DynamoDB Local's database file;
- `dynalite`: dynalite's folder;
- `live`: any server that speaks DynamoDB's API;
- `detection`: which of the first two a path is.
"""
