// A bank on the low-level client: accounts and their entries, transfers, errors caught by class.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  UpdateItemCommand,
  paginateListTables,
  paginateQuery,
  paginateScan,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { configuration, fresh, pagesOf } from "./support.mjs";

const client = new DynamoDBClient({ ...configuration, maxAttempts: 2 });
const TableName = fresh("bank");
const wait = { client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };

const definition = {
  TableName,
  AttributeDefinitions: [
    { AttributeName: "account", AttributeType: "S" },
    { AttributeName: "entry", AttributeType: "N" },
    { AttributeName: "owner", AttributeType: "S" },
    { AttributeName: "digest", AttributeType: "B" },
  ],
  KeySchema: [
    { AttributeName: "account", KeyType: "HASH" },
    { AttributeName: "entry", KeyType: "RANGE" },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: "by-digest",
      KeySchema: [
        { AttributeName: "account", KeyType: "HASH" },
        { AttributeName: "digest", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: "by-owner",
      KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["balance"] },
    },
  ],
  BillingMode: "PAY_PER_REQUEST",
};
const created = await client.send(new CreateTableCommand(definition));
assert.equal(created.TableDescription.TableName, TableName);
await assert.rejects(client.send(new CreateTableCommand(definition)), ResourceInUseException);
await waitUntilTableExists(wait, { TableName });
const { Table } = await client.send(new DescribeTableCommand({ TableName }));
assert.equal(Table.TableStatus, "ACTIVE");
assert.ok(Table.CreationDateTime instanceof Date);
assert.ok(Math.abs(Table.CreationDateTime - Date.now()) < 120_000);

// Entry 0 of an account holds its balance.
const keyOf = (account) => ({ account: { S: account }, entry: { N: "0" } });
const open = (account, balance) => ({
  TableName,
  Item: { ...keyOf(account), owner: { S: `owner of ${account}` }, balance: { N: balance } },
  ConditionExpression: "attribute_not_exists(account)",
  ReturnValuesOnConditionCheckFailure: "ALL_OLD",
});
await client.send(new PutItemCommand(open("alice", "100")));
await client.send(new PutItemCommand(open("bob", "0")));
await assert.rejects(client.send(new PutItemCommand(open("bob", "5"))), (error) => {
  assert.ok(error instanceof ConditionalCheckFailedException);
  assert.equal(error.name, "ConditionalCheckFailedException");
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.equal(error.$metadata.attempts, 1);
  assert.deepEqual(error.Item.balance, { N: "0" });
  return true;
});

const change = (account, amount) => ({
  Update: {
    TableName,
    Key: keyOf(account),
    UpdateExpression: "SET balance = balance + :amount",
    ConditionExpression: "attribute_exists(account) AND balance >= :least",
    ExpressionAttributeValues: {
      ":amount": { N: String(amount) },
      ":least": { N: String(Math.max(0, -amount)) },
    },
  },
});
const transfer = (from, to, amount, ClientRequestToken) =>
  client.send(
    new TransactWriteItemsCommand({
      ClientRequestToken,
      TransactItems: [change(from, -amount), change(to, amount)],
    }),
  );
const token = randomUUID();
await transfer("alice", "bob", 30, token);
await transfer("alice", "bob", 30, token);
await assert.rejects(transfer("bob", "alice", 1000), (error) => {
  assert.ok(error instanceof TransactionCanceledException);
  const codes = error.CancellationReasons.map((reason) => reason.Code);
  assert.deepEqual(codes, ["ConditionalCheckFailed", "None"]);
  return true;
});
await assert.rejects(transfer("alice", "bob", 31, token), {
  name: "IdempotentParameterMismatchException",
});
const both = await client.send(
  new TransactGetItemsCommand({
    TransactItems: ["alice", "bob"].map((each) => ({ Get: { TableName, Key: keyOf(each) } })),
  }),
);
assert.deepEqual(both.Responses.map(({ Item }) => Item.balance.N), ["70", "30"]);

const digest = (number) => ({ B: Uint8Array.from([number % 256, 255, 0]) });
const entries = Array.from({ length: 60 }, (_, n) => ({
  PutRequest: {
    Item: { account: { S: "alice" }, entry: { N: String(n + 1) }, digest: digest(59 - n) },
  },
}));
for (let start = 0; start < entries.length; start += 25) {
  const RequestItems = { [TableName]: entries.slice(start, start + 25) };
  const answer = await client.send(new BatchWriteItemCommand({ RequestItems }));
  assert.deepEqual(answer.UnprocessedItems, {});
}
const got = await client.send(
  new BatchGetItemCommand({
    RequestItems: {
      [TableName]: {
        Keys: Array.from({ length: 80 }, (_, n) => ({
          account: { S: "alice" },
          entry: { N: String(n) },
        })),
        ProjectionExpression: "entry",
      },
    },
  }),
);
assert.equal(got.Responses[TableName].length, 61);

const pages = await pagesOf(
  paginateQuery(
    { client, pageSize: 7 },
    {
      TableName,
      IndexName: "by-digest",
      KeyConditionExpression: "account = :account AND digest < :digest",
      ExpressionAttributeValues: { ":account": { S: "alice" }, ":digest": digest(20) },
    },
  ),
);
const digests = pages.flatMap((page) => page.Items.map((item) => item.digest.B));
assert.ok(digests[0] instanceof Uint8Array);
assert.deepEqual(digests.map((each) => each[0]), Array.from({ length: 20 }, (_, n) => n));
assert.equal(pages.length, 3);

const owned = await client.send(
  new QueryCommand({
    TableName,
    IndexName: "by-owner",
    KeyConditionExpression: "#owner = :owner",
    ExpressionAttributeNames: { "#owner": "owner" },
    ExpressionAttributeValues: { ":owner": { S: "owner of bob" } },
    ReturnConsumedCapacity: "INDEXES",
  }),
);
assert.deepEqual(owned.Items, [
  { ...keyOf("bob"), owner: { S: "owner of bob" }, balance: { N: "30" } },
]);
assert.equal(owned.ConsumedCapacity.GlobalSecondaryIndexes["by-owner"].CapacityUnits, 0.5);

const scanned = await pagesOf(paginateScan({ client, pageSize: 10 }, { TableName }));
assert.equal(scanned.reduce((sum, page) => sum + page.Count, 0), 62);
const listed = await pagesOf(paginateListTables({ client, pageSize: 3 }, {}));
assert.ok(listed.flatMap((page) => page.TableNames).includes(TableName));

// Every kind of value comes back as it was sent.
const Item = {
  account: { S: "values" },
  entry: { N: "-12345678901234567890.123456789" },
  every: {
    M: {
      null: { NULL: true },
      bool: { BOOL: false },
      number: { N: "1E-130" },
      binary: { B: new Uint8Array() },
      strings: { SS: ["", "ü", "漢"] },
      numbers: { NS: ["-1", "0.5", "99999999999999999999999999999999999999"] },
      binaries: { BS: [Uint8Array.from([1]), Uint8Array.from([0, 1])] },
      list: { L: [{ S: "a" }, { L: [] }, { M: {} }] },
    },
  },
};
await client.send(new PutItemCommand({ TableName, Item }));
const Key = { account: Item.account, entry: Item.entry };
const read = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
const sorted = (values) => [...values].map(String).sort();
const every = read.Item.every.M;
for (const [name, type] of [["strings", "SS"], ["numbers", "NS"], ["binaries", "BS"]]) {
  assert.deepEqual(sorted(every[name][type]), sorted(Item.every.M[name][type]));
  delete every[name];
}
assert.equal(Number(every.number.N), 1e-130);
const { null: nothing, bool, binary, list } = Item.every.M;
assert.deepEqual(every, { null: nothing, bool, binary, list, number: every.number });

await assert.rejects(
  client.send(
    new UpdateItemCommand({ TableName, Key, UpdateExpression: "SET entry = entry + entry" }),
  ),
  { name: "ValidationException" },
);
await client.send(new DeleteTableCommand({ TableName }));
await waitUntilTableNotExists(wait, { TableName });
await assert.rejects(
  client.send(new GetItemCommand({ TableName, Key })),
  ResourceNotFoundException,
);
