// A reader of a stream: every shard from its start to its end, images, types, iterators.
import assert from "node:assert/strict";
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb-streams";
import { configuration, eventually, fresh } from "../support.mjs";

const client = new DynamoDBClient(configuration);
const streams = new DynamoDBStreamsClient(configuration);
const TableName = fresh("stream");
await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
const { Table } = await client.send(new DescribeTableCommand({ TableName }));
const StreamArn = Table.LatestStreamArn;
assert.ok(StreamArn.includes(`table/${TableName}/stream/`));
const listed = await streams.send(new ListStreamsCommand({ TableName }));
assert.deepEqual(listed.Streams.map((each) => each.StreamArn), [StreamArn]);

const put = (pk, more = {}) =>
  client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, ...more } }));
const data = { B: Uint8Array.from([0, 255]) };
await put("a", { n: { N: "1" }, data, set: { NS: ["1", "2"] } });
await client.send(
  new UpdateItemCommand({
    TableName,
    Key: { pk: { S: "a" } },
    UpdateExpression: "SET n = n + :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  }),
);
// A write that changes nothing leaves no record.
await put("a", { n: { N: "2" }, data, set: { NS: ["2", "1"] } });
await client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: "a" } } }));
await client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: "none" } } }));
const batch = Array.from({ length: 20 }, (_, n) => ({
  PutRequest: { Item: { pk: { S: `b${n}` } } },
}));
await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: batch } }));

async function shardsOf(arn) {
  const shards = [];
  let ExclusiveStartShardId;
  do {
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn: arn, ExclusiveStartShardId, Limit: 2 }),
    );
    shards.push(...StreamDescription.Shards);
    ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId;
  } while (ExclusiveStartShardId);
  return shards;
}
async function readAll(expected) {
  const records = [];
  let iterators = [];
  for (const { ShardId } of await shardsOf(StreamArn)) {
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    iterators.push(ShardIterator);
  }
  await eventually(
    async () => {
      const next = [];
      for (const ShardIterator of iterators) {
        const page = await streams.send(new GetRecordsCommand({ ShardIterator, Limit: 7 }));
        records.push(...page.Records);
        if (page.NextShardIterator) next.push(page.NextShardIterator);
      }
      iterators = next;
      return records.length;
    },
    (count) => count >= expected,
  );
  return records;
}
const records = await readAll(23);
assert.equal(records.length, 23);
const ofA = records.filter((record) => record.dynamodb.Keys.pk.S === "a");
assert.deepEqual(ofA.map((record) => record.eventName), ["INSERT", "MODIFY", "REMOVE"]);
assert.deepEqual(ofA.map(({ dynamodb }) => [dynamodb.OldImage?.n.N, dynamodb.NewImage?.n.N]), [
  [undefined, "1"],
  ["1", "2"],
  ["2", undefined],
]);
assert.deepEqual([...ofA[0].dynamodb.NewImage.data.B], [0, 255]);
assert.equal(ofA[0].eventSource, "aws:dynamodb");
assert.equal(ofA[0].dynamodb.StreamViewType, "NEW_AND_OLD_IMAGES");
assert.ok(ofA[0].dynamodb.ApproximateCreationDateTime instanceof Date);
const numbers = ofA.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
assert.ok(numbers[0] < numbers[1] && numbers[1] < numbers[2]);
assert.equal(new Set(records.map((record) => record.eventID)).size, 23);

await assert.rejects(
  streams.send(new DescribeStreamCommand({ StreamArn: `${StreamArn.slice(0, -3)}000` })),
  ResourceNotFoundException,
);
const [{ ShardId }] = await shardsOf(StreamArn);
const latest = await streams.send(
  new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "LATEST" }),
);
const page = await streams.send(new GetRecordsCommand({ ShardIterator: latest.ShardIterator }));
assert.deepEqual(page.Records, []);

await client.send(
  new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }),
);
await eventually(
  () => streams.send(new DescribeStreamCommand({ StreamArn })),
  ({ StreamDescription }) => StreamDescription.StreamStatus === "DISABLED",
);
assert.equal((await readAll(23)).length, 23);
await client.send(new DeleteTableCommand({ TableName }));
