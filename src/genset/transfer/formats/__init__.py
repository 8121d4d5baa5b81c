"""The formats of files of items: a module for each, which reads it and writes it.

- `csv_items`: CSV with a header, whose columns have types;
- `json_lines`, `json_array`: plain JSON, an item a line, or one array of items;
- `dynamodb_json`: DynamoDB JSON, an item a line, as DynamoDB exports to S3;
- `aws_cli`: what the AWS CLI prints of a scan;
- `ion`: Amazon Ion, as DynamoDB exports it to S3, too;
- `detection`: which format a file has;
- `registry`: all of them by name.
"""
