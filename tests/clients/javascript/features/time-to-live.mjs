// Time to live: turned on, what expired goes, what has not (or long ago) stays.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { configuration, eventually, fresh } from "../support.mjs";

const client = new DynamoDBClient(configuration);
const TableName = fresh("sessions");
await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });

const ttl = async () => {
  const answer = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  return answer.TimeToLiveDescription;
};
assert.deepEqual(await ttl(), { TimeToLiveStatus: "DISABLED" });
const specification = { Enabled: true, AttributeName: "expires" };
const enabled = await client.send(
  new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: specification }),
);
assert.deepEqual(enabled.TimeToLiveSpecification, specification);
await eventually(ttl, (now) => now.TimeToLiveStatus === "ENABLED");
await assert.rejects(
  client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: specification })),
  { name: "ValidationException" },
);
const put = (id, expires) =>
  client.send(
    new PutItemCommand({ TableName, Item: { id: { S: id }, expires: { N: String(expires) } } }),
  );
const now = Math.floor(Date.now() / 1000);
await put("kept", now + 3600);
await put("ancient", now - 6 * 365 * 86_400);
await put("expired", now - 60);
const get = (id) => client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
await eventually(() => get("expired"), ({ Item }) => !Item);
assert.ok((await get("kept")).Item);
assert.ok((await get("ancient")).Item);

await client.send(new DeleteTableCommand({ TableName }));
