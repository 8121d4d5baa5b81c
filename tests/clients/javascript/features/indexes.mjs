// Indexes made and removed on a table with items, and its other settings changed by UpdateTable.
import assert from "node:assert/strict";
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateTableCommand,
  paginateQuery,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { configuration, eventually, fresh, pagesOf } from "../support.mjs";

const client = new DynamoDBClient(configuration);
const TableName = fresh("library");
await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: "isbn", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "isbn", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
for (let start = 0; start < 200; start += 25) {
  const requests = Array.from({ length: 25 }, (_, n) => ({
    PutRequest: {
      Item: {
        isbn: { S: `isbn-${start + n}` },
        shelf: { S: `shelf-${n % 5}` },
        // Every tenth has a year of another type than the index's key.
        year: (start + n) % 10 ? { N: String(1900 + start + n) } : { S: "unknown" },
      },
    },
  }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
}

const describe = async () => (await client.send(new DescribeTableCommand({ TableName }))).Table;
await client.send(
  new UpdateTableCommand({
    TableName,
    AttributeDefinitions: [
      { AttributeName: "shelf", AttributeType: "S" },
      { AttributeName: "year", AttributeType: "N" },
    ],
    GlobalSecondaryIndexUpdates: [
      {
        Create: {
          IndexName: "by-shelf",
          KeySchema: [
            { AttributeName: "shelf", KeyType: "HASH" },
            { AttributeName: "year", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      },
    ],
  }),
);
await client.send(
  new PutItemCommand({
    TableName,
    Item: { isbn: { S: "late" }, shelf: { S: "shelf-1" }, year: { N: "2026" } },
  }),
);
const ready = await eventually(
  describe,
  (table) =>
    table.TableStatus === "ACTIVE" && table.GlobalSecondaryIndexes[0].IndexStatus === "ACTIVE",
);
assert.ok(!ready.GlobalSecondaryIndexes[0].Backfilling);

const query = {
  TableName,
  IndexName: "by-shelf",
  KeyConditionExpression: "shelf = :shelf",
  ExpressionAttributeValues: { ":shelf": { S: "shelf-1" } },
};
const pages = await pagesOf(paginateQuery({ client, pageSize: 15 }, query));
const years = pages.flatMap((page) => page.Items.map((item) => Number(item.year.N)));
assert.deepEqual(years, years.toSorted((a, b) => a - b));
const numbers = Array.from({ length: 200 }, (_, n) => n);
const expected = numbers.filter((n) => (n % 25) % 5 === 1 && n % 10).length + 1;
assert.equal(years.length, expected);

await client.send(
  new UpdateTableCommand({
    TableName,
    GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-shelf" } }],
  }),
);
await eventually(
  describe,
  (table) => table.TableStatus === "ACTIVE" && !table.GlobalSecondaryIndexes,
);
await assert.rejects(client.send(new QueryCommand(query)), { name: "ValidationException" });

await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
const locked = await eventually(describe, (table) => table.TableStatus === "ACTIVE");
assert.equal(locked.DeletionProtectionEnabled, true);
await assert.rejects(client.send(new DeleteTableCommand({ TableName })), {
  name: "ValidationException",
});
await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
await client.send(
  new UpdateTableCommand({
    TableName,
    BillingMode: "PROVISIONED",
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
  }),
);
const provisioned = await eventually(describe, (table) => table.TableStatus === "ACTIVE");
assert.equal(provisioned.ProvisionedThroughput.WriteCapacityUnits, 6);
await client.send(new DeleteTableCommand({ TableName }));
