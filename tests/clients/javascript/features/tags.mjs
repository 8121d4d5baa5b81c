// Tags of a table, given at its creation and changed later.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { configuration, eventually, fresh } from "../support.mjs";

const client = new DynamoDBClient(configuration);
const TableName = fresh("sessions");
const { TableDescription } = await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
    Tags: [{ Key: "team", Value: "web" }],
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });

const ResourceArn = TableDescription.TableArn;
const tags = async () => {
  const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }));
  return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
};
assert.deepEqual(await tags(), { team: "web" });
await client.send(
  new TagResourceCommand({
    ResourceArn,
    Tags: [{ Key: "team", Value: "api" }, { Key: "stage", Value: "" }],
  }),
);
await eventually(tags, (now) => now.team === "api" && now.stage === "");
await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["stage", "none"] }));
await eventually(tags, (now) => Object.keys(now).length === 1);

await client.send(new DeleteTableCommand({ TableName }));
