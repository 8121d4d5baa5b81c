// What dynamoose asks of a table beyond its items: TTL, tags, a stream, indexes added later.
import assert from "node:assert/strict";
import dynamoose from "dynamoose";
import { configuration, eventually, fresh } from "../support.mjs";

const ddb = new dynamoose.aws.ddb.DynamoDB(configuration);
dynamoose.aws.ddb.set(ddb);
const name = fresh("notes");
const common = {
  initialize: false,
  throughput: "ON_DEMAND",
  expires: { ttl: 3_600_000, attribute: "ttl" },
  tags: { team: "web" },
  waitForActive: { enabled: true, check: { timeout: 30_000, frequency: 100 } },
};
const Note = dynamoose.model("Note", new dynamoose.Schema({ id: String, colour: String }));
await new dynamoose.Table(name, [Note], {
  ...common,
  streamOptions: { enabled: true, type: "NEW_IMAGE" },
}).initialize();
const ttl = await eventually(
  () => ddb.describeTimeToLive({ TableName: name }),
  (answer) => answer.TimeToLiveDescription.TimeToLiveStatus === "ENABLED",
);
assert.equal(ttl.TimeToLiveDescription.AttributeName, "ttl");
const { Table } = await ddb.describeTable({ TableName: name });
assert.equal(Table.StreamSpecification.StreamViewType, "NEW_IMAGE");
const { Tags } = await ddb.listTagsOfResource({ ResourceArn: Table.TableArn });
assert.deepEqual(Tags, [{ Key: "team", Value: "web" }]);

await Note.batchPut(Array.from({ length: 20 }, (_, n) => ({ id: `n${n}`, colour: n % 2 ? "red" : "blue" })));
const stored = await Note.get("n1");
assert.equal(stored.colour, "red");
const { Item } = await ddb.getItem({ TableName: name, Key: { id: { S: "n1" } } });
assert.ok(Math.abs(Number(Item.ttl.N) - Date.now() / 1000 - 3600) < 120);

const Indexed = dynamoose.model(
  "IndexedNote",
  new dynamoose.Schema({
    id: String,
    colour: { type: String, index: { name: "by-colour", type: "global" } },
  }),
);
await new dynamoose.Table(name, [Indexed], {
  ...common,
  create: false,
  update: ["indexes", "tags"],
  tags: { stage: "test" },
}).initialize();
await eventually(
  () => ddb.describeTable({ TableName: name }),
  (answer) => answer.Table.GlobalSecondaryIndexes?.[0].IndexStatus === "ACTIVE",
);
assert.equal((await Indexed.query("colour").eq("red").using("by-colour").exec()).length, 10);
const retagged = await ddb.listTagsOfResource({ ResourceArn: Table.TableArn });
assert.deepEqual(retagged.Tags, [{ Key: "stage", Value: "test" }]);
await ddb.deleteTable({ TableName: name });
