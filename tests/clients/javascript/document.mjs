// A shop on lib-dynamodb: plain JavaScript values in and out, big numbers, sets, pages.
import assert from "node:assert/strict";
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
  paginateQuery,
  paginateScan,
} from "@aws-sdk/lib-dynamodb";
import { configuration, fresh, pagesOf } from "./support.mjs";

const client = new DynamoDBClient(configuration);
const documents = DynamoDBDocumentClient.from(client, {
  marshallOptions: { removeUndefinedValues: true },
});
const TableName = fresh("shop");
await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [
      { AttributeName: "customer", AttributeType: "S" },
      { AttributeName: "order", AttributeType: "S" },
      { AttributeName: "status", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "customer", KeyType: "HASH" },
      { AttributeName: "order", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-status",
        KeySchema: [
          { AttributeName: "status", KeyType: "HASH" },
          { AttributeName: "order", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "ALL" },
      },
    ],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });

const order = {
  customer: "c1",
  order: "2026-001",
  status: "new",
  paid: false,
  total: 12.5,
  note: null,
  gone: undefined,
  labels: new Set(["gift", "fragile"]),
  sizes: new Set([1, 2.5]),
  photo: Uint8Array.from([1, 2, 255]),
  lines: [{ sku: "a", count: 2 }, { sku: "b", count: 1, options: {} }],
};
await documents.send(new PutCommand({ TableName, Item: order }));
const Key = { customer: "c1", order: "2026-001" };
const stored = await documents.send(new GetCommand({ TableName, Key }));
const { gone, ...kept } = order;
assert.deepEqual(stored.Item, kept);

// Numbers beyond a double's 15 digits keep all of them.
const exact = DynamoDBDocumentClient.from(new DynamoDBClient(configuration), {
  unmarshallOptions: { wrapNumbers: true },
});
const serial = "1234567890123456789012345.6789";
const serialKey = { customer: "c1", order: "exact" };
const numbered = { ...serialKey, serial: NumberValue.from(serial), lines: [{ count: 2 }] };
await exact.send(new PutCommand({ TableName, Item: numbered }));
const wrapped = await exact.send(
  new GetCommand({
    TableName,
    Key: serialKey,
    ProjectionExpression: "serial, #lines[0].#count",
    ExpressionAttributeNames: { "#lines": "lines", "#count": "count" },
  }),
);
assert.equal(wrapped.Item.serial.value.toString(), serial);
assert.equal(wrapped.Item.lines[0].count.value.toString(), "2");
await exact.send(new DeleteCommand({ TableName, Key: serialKey }));

const pay = () =>
  documents.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression:
        "SET paid = :yes, #lines = list_append(#lines, :line) ADD visits :one REMOVE note DELETE labels :label",
      ConditionExpression: "paid = :no AND contains(labels, :gift)",
      ExpressionAttributeNames: { "#lines": "lines" },
      ExpressionAttributeValues: {
        ":yes": true,
        ":no": false,
        ":one": 1,
        ":gift": "gift",
        ":label": new Set(["fragile"]),
        ":line": [{ sku: "c", count: 1 }],
      },
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
  );
const paid = (await pay()).Attributes;
assert.deepEqual([paid.paid, paid.visits, paid.lines.length], [true, 1, 3]);
assert.deepEqual(paid.labels, new Set(["gift"]));
assert.ok(!("note" in paid));
await assert.rejects(pay(), (error) => {
  assert.ok(error instanceof ConditionalCheckFailedException);
  assert.deepEqual(error.Item.paid, { BOOL: true });
  return true;
});

const many = Array.from({ length: 50 }, (_, n) => ({
  customer: "c2",
  order: `2026-${String(n).padStart(3, "0")}`,
  status: n % 2 ? "new" : "sent",
  total: n,
}));
for (const half of [many.slice(0, 25), many.slice(25)]) {
  const requests = half.map((Item) => ({ PutRequest: { Item } }));
  const answer = await documents.send(
    new BatchWriteCommand({ RequestItems: { [TableName]: requests } }),
  );
  assert.deepEqual(answer.UnprocessedItems, {});
}
const Keys = many.slice(0, 30).map(({ customer, order }) => ({ customer, order }));
const found = await documents.send(
  new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }),
);
const byOrder = (a, b) => a.order.localeCompare(b.order);
assert.deepEqual(found.Responses[TableName].sort(byOrder), many.slice(0, 30));

const sent = await pagesOf(
  paginateQuery(
    { client: documents, pageSize: 10 },
    {
      TableName,
      IndexName: "by-status",
      KeyConditionExpression: "#status = :sent AND #order BETWEEN :first AND :last",
      ExpressionAttributeNames: { "#status": "status", "#order": "order" },
      ExpressionAttributeValues: { ":sent": "sent", ":first": "2026-010", ":last": "2026-049" },
      ScanIndexForward: false,
    },
  ),
);
assert.deepEqual(
  sent.flatMap((page) => page.Items).map((item) => item.total),
  many.filter((each) => each.status === "sent" && each.total >= 10).map((e) => e.total).reverse(),
);
const dear = await documents.send(
  new QueryCommand({
    TableName,
    KeyConditionExpression: "customer = :customer",
    FilterExpression: "#total > :least",
    ExpressionAttributeNames: { "#total": "total" },
    ExpressionAttributeValues: { ":customer": "c2", ":least": 44 },
  }),
);
assert.deepEqual([dear.Count, dear.ScannedCount], [5, 50]);
const scanned = await pagesOf(
  paginateScan({ client: documents, pageSize: 20 }, { TableName, Select: "COUNT" }),
);
assert.equal(scanned.reduce((sum, page) => sum + page.Count, 0), 51);

const cancel = (order) => ({
  Delete: {
    TableName,
    Key: { customer: "c2", order },
    ConditionExpression: "#status = :new",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":new": "new" },
  },
});
const TransactItems = [cancel("2026-001"), cancel("2026-002")];
await assert.rejects(documents.send(new TransactWriteCommand({ TransactItems })), (error) => {
  assert.ok(error instanceof TransactionCanceledException);
  assert.deepEqual(
    error.CancellationReasons.map((reason) => reason.Code),
    ["None", "ConditionalCheckFailed"],
  );
  return true;
});
await documents.send(new TransactWriteCommand({ TransactItems: [TransactItems[0]] }));
const left = await documents.send(
  new TransactGetCommand({
    TransactItems: ["2026-001", "2026-002"].map((order) => ({
      Get: { TableName, Key: { customer: "c2", order } },
    })),
  }),
);
assert.deepEqual(left.Responses.map(({ Item }) => Item?.total), [undefined, 2]);
const removed = await documents.send(
  new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }),
);
assert.equal(removed.Attributes.total, 12.5);
await client.send(new DeleteTableCommand({ TableName }));
