// A task tracker on ElectroDB: two entities in one table, collections, cursors, transactions.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Entity, Service } from "electrodb";
import { configuration, fresh } from "./support.mjs";

const raw = new DynamoDBClient(configuration);
const client = DynamoDBDocumentClient.from(raw);
const table = fresh("tracker");
const string = (AttributeName) => ({ AttributeName, AttributeType: "S" });
const keys = (hash, range) => [
  { AttributeName: hash, KeyType: "HASH" },
  { AttributeName: range, KeyType: "RANGE" },
];
await raw.send(
  new CreateTableCommand({
    TableName: table,
    AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map(string),
    KeySchema: keys("pk", "sk"),
    GlobalSecondaryIndexes: [
      {
        IndexName: "gsi1",
        KeySchema: keys("gsi1pk", "gsi1sk"),
        Projection: { ProjectionType: "ALL" },
      },
    ],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client: raw, maxWaitTime: 30, minDelay: 1 }, { TableName: table });

const tasks = new Entity(
  {
    model: { entity: "task", version: "1", service: "tracker" },
    attributes: {
      project: { type: "string", required: true },
      task: { type: "string", required: true },
      assignee: { type: "string", required: true },
      status: { type: ["open", "done"], default: "open" },
      points: { type: "number", default: 0 },
      labels: { type: "set", items: "string" },
      history: { type: "list", items: { type: "string" } },
      detail: { type: "map", properties: { colour: { type: "string" } } },
    },
    indexes: {
      byProject: {
        pk: { field: "pk", composite: ["project"] },
        sk: { field: "sk", composite: ["task"] },
      },
      byAssignee: {
        index: "gsi1",
        collection: "workload",
        pk: { field: "gsi1pk", composite: ["assignee"] },
        sk: { field: "gsi1sk", composite: ["status", "task"] },
      },
    },
  },
  { client, table },
);
const people = new Entity(
  {
    model: { entity: "person", version: "1", service: "tracker" },
    attributes: {
      assignee: { type: "string", required: true },
      email: { type: "string", required: true },
    },
    indexes: {
      primary: {
        pk: { field: "pk", composite: ["assignee"] },
        sk: { field: "sk", composite: [] },
      },
      byAssignee: {
        index: "gsi1",
        collection: "workload",
        pk: { field: "gsi1pk", composite: ["assignee"] },
        sk: { field: "gsi1sk", composite: [] },
      },
    },
  },
  { client, table },
);
const tracker = new Service({ tasks, people }, { client, table });

await people.create({ assignee: "ann", email: "ann@example.com" }).go();
const refused = (error) => {
  assert.equal(error.name, "ElectroError");
  assert.equal(error.cause.name, "ConditionalCheckFailedException");
  return true;
};
await assert.rejects(people.create({ assignee: "ann", email: "x" }).go(), refused);

await tasks
  .create({
    project: "p1",
    task: "t-first",
    assignee: "ann",
    labels: ["red", "hot"],
    history: ["made"],
    detail: { colour: "blue" },
  })
  .go();
const key = { project: "p1", task: "t-first" };
await tasks.patch(key).delete({ labels: ["hot"] }).go();
const patched = await tasks
  .patch(key)
  .add({ points: 5, labels: ["new"] })
  .append({ history: ["estimated"] })
  .data((attributes, operations) => operations.set(attributes.detail.colour, "green"))
  .where(({ status }, { eq }) => eq(status, "open"))
  .go({ response: "all_new" });
assert.equal(patched.data.points, 5);
assert.deepEqual([...patched.data.labels].sort(), ["new", "red"]);
assert.deepEqual(patched.data.history, ["made", "estimated"]);
assert.deepEqual(patched.data.detail, { colour: "green" });
await assert.rejects(tasks.patch({ project: "p1", task: "none" }).set({ points: 1 }).go(), refused);

const many = Array.from({ length: 60 }, (_, n) => ({
  project: "p2",
  task: `t-${String(n).padStart(2, "0")}`,
  assignee: n % 3 ? "bob" : "ann",
  points: n,
  status: n % 2 ? "done" : "open",
}));
const put = await tasks.put(many).go({ concurrency: 2 });
assert.deepEqual(put.unprocessed, []);
const got = await tasks.get(many.slice(0, 40).map(({ project, task }) => ({ project, task }))).go();
assert.equal(got.data.length, 40);

const paged = [];
let cursor = null;
do {
  const page = await tasks.query.byProject({ project: "p2" }).gte({ task: "t-30" }).go({ cursor, limit: 8 });
  paged.push(...page.data);
  cursor = page.cursor;
} while (cursor);
assert.deepEqual(paged.map(({ task }) => task), many.slice(30).map(({ task }) => task));

const open = await tasks.query
  .byAssignee({ assignee: "bob", status: "open" })
  .where(({ points }, { gt }) => gt(points, 30))
  .go({ pages: "all", order: "desc" });
assert.deepEqual(
  open.data.map(({ points }) => points),
  many.filter((t) => t.assignee === "bob" && t.status === "open" && t.points > 30)
    .map((t) => t.points).reverse(),
);
const { data } = await tracker.collections.workload({ assignee: "ann" }).go({ pages: "all" });
assert.deepEqual([data.people.length, data.tasks.length], [1, 21]);
const scanned = await tasks.scan.where(({ points }, { lt }) => lt(points, 3)).go({ pages: "all" });
assert.deepEqual(scanned.data.map(({ points }) => points).sort(), [0, 1, 2]);

const finish = (least) =>
  tracker.transaction
    .write((entities) => [
      entities.tasks
        .patch(key)
        .set({ status: "done" })
        .where(({ points }, { gte }) => gte(points, least))
        .commit({ response: "all_old" }),
      entities.people.upsert({ assignee: "cas", email: "cas@example.com" }).commit(),
    ])
    .go();
const canceled = await finish(100);
assert.equal(canceled.canceled, true);
assert.deepEqual(canceled.data.map(({ rejected, code }) => [rejected, code]), [
  [true, "ConditionalCheckFailed"],
  [false, "None"],
]);
assert.equal(canceled.data[0].item.points, 5);
assert.equal((await finish(5)).canceled, false);
const read = await tracker.transaction
  .get((entities) => [
    entities.tasks.get(key).commit(),
    entities.people.get({ assignee: "cas" }).commit(),
  ])
  .go();
assert.deepEqual(read.data.map(({ item }) => item.status ?? item.email), ["done", "cas@example.com"]);

const removed = await tasks.remove(key).go({ response: "all_old" });
assert.equal(removed.data.status, "done");
assert.equal((await tasks.get(key).go()).data, null);
await tasks.delete(many.map(({ project, task }) => ({ project, task }))).go();
assert.deepEqual((await tasks.query.byProject({ project: "p2" }).go({ pages: "all" })).data, []);
await raw.send(new DeleteTableCommand({ TableName: table }));
