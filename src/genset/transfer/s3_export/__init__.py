"""Exports of tables as DynamoDB writes them to S3, in folders of this machine.

Developer guide, "DynamoDB table export output format". Under AWSDynamoDB/<export id>/ a summary
and a list of data files, both JSON with their checksums beside them, and the data, gzipped lines.

- `manifests`: what is in the summary and the list;
- `reading`: finds the data files of an export, and checks that they are as they were written;
- `writing`: writes an export.
"""
