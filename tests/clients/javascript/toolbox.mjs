// A zoo on dynamodb-toolbox: entities with schemas, commands, conditions, batches, transactions.
import assert from "node:assert/strict";
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  $add,
  $append,
  $delete,
  $remove,
  BatchGetCommand,
  BatchGetRequest,
  BatchPutRequest,
  BatchWriteCommand,
  ConditionCheck,
  DeleteItemCommand,
  Entity,
  GetItemCommand,
  GetTransaction,
  PutItemCommand,
  PutTransaction,
  QueryCommand,
  ScanCommand,
  Table,
  UpdateItemCommand,
  UpdateTransaction,
  any,
  binary,
  boolean,
  executeBatchGet,
  executeBatchWrite,
  executeTransactGet,
  executeTransactWrite,
  item,
  list,
  map,
  number,
  set,
  string,
} from "dynamodb-toolbox";
import { configuration, fresh } from "./support.mjs";

const client = new DynamoDBClient(configuration);
const name = fresh("zoo");
await client.send(
  new CreateTableCommand({
    TableName: name,
    AttributeDefinitions: [
      { AttributeName: "house", AttributeType: "S" },
      { AttributeName: "animal", AttributeType: "S" },
      { AttributeName: "weight", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "house", KeyType: "HASH" },
      { AttributeName: "animal", KeyType: "RANGE" },
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: "by-weight",
        KeySchema: [
          { AttributeName: "house", KeyType: "HASH" },
          { AttributeName: "weight", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "ALL" },
      },
    ],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: name });

const zoo = new Table({
  name,
  documentClient: DynamoDBDocumentClient.from(client),
  partitionKey: { name: "house", type: "string" },
  sortKey: { name: "animal", type: "string" },
  indexes: {
    "by-weight": { type: "local", sortKey: { name: "weight", type: "number" } },
  },
});
const Animal = new Entity({
  name: "Animal",
  table: zoo,
  schema: item({
    house: string().key(),
    animal: string().key(),
    weight: number(),
    tame: boolean().default(false),
    foods: set(string()).optional(),
    chip: binary().optional(),
    visits: list(string()).default([]),
    origin: map({ country: string(), wild: boolean().optional() }).optional(),
    extra: any().optional(),
  }),
});

const key = { house: "cats", animal: "leo" };
await Animal.build(PutItemCommand)
  .item({
    ...key,
    weight: 190.5,
    foods: new Set(["meat", "fish"]),
    chip: Uint8Array.from([7, 0]),
    origin: { country: "Kenya" },
    extra: [1, "two", null],
  })
  .options({ condition: { attr: "animal", exists: false } })
  .send();
await assert.rejects(
  Animal.build(PutItemCommand)
    .item({ ...key, weight: 1 })
    .options({ condition: { attr: "animal", exists: false } })
    .send(),
  ConditionalCheckFailedException,
);
const { Item } = await Animal.build(GetItemCommand).key(key).options({ consistent: true }).send();
assert.deepEqual([Item.weight, Item.tame, Item.extra], [190.5, false, [1, "two", null]]);
assert.deepEqual(Item.foods, new Set(["meat", "fish"]));
assert.deepEqual([...Item.chip], [7, 0]);
assert.ok(!Number.isNaN(Date.parse(Item.created)));

const { Attributes } = await Animal.build(UpdateItemCommand)
  .item({
    ...key,
    weight: $add(2),
    foods: $delete(new Set(["fish"])),
    visits: $append(["monday"]),
    origin: { wild: true },
    chip: $remove(),
  })
  .options({ condition: { attr: "tame", eq: false }, returnValues: "ALL_NEW" })
  .send();
assert.deepEqual([Attributes.weight, Attributes.visits], [192.5, ["monday"]]);
assert.deepEqual(Attributes.origin, { country: "Kenya", wild: true });
assert.deepEqual(Attributes.foods, new Set(["meat"]));
assert.equal(Attributes.chip, undefined);

const birds = Array.from({ length: 50 }, (_, n) => ({
  house: "birds",
  animal: `bird-${String(n).padStart(2, "0")}`,
  weight: 100 - n,
  tame: n % 5 === 0,
}));
for (const half of [birds.slice(0, 25), birds.slice(25)]) {
  const requests = half.map((bird) => Animal.build(BatchPutRequest).item(bird));
  const { UnprocessedItems } = await executeBatchWrite(zoo.build(BatchWriteCommand).requests(...requests));
  assert.deepEqual(UnprocessedItems, {});
}
const { Responses } = await executeBatchGet(
  zoo.build(BatchGetCommand).requests(
    ...birds.slice(0, 3).map(({ house, animal }) => Animal.build(BatchGetRequest).key({ house, animal })),
    Animal.build(BatchGetRequest).key({ house: "birds", animal: "none" }),
  ),
);
assert.deepEqual(Responses[0].map((each) => each?.weight), [100, 99, 98, undefined]);

const light = [];
let exclusiveStartKey;
do {
  const page = await zoo
    .build(QueryCommand)
    .entities(Animal)
    .query({ index: "by-weight", partition: "birds", range: { lte: 80 } })
    .options({ limit: 9, exclusiveStartKey })
    .send();
  light.push(...page.Items);
  exclusiveStartKey = page.LastEvaluatedKey;
} while (exclusiveStartKey);
assert.deepEqual(
  light.map((each) => each.weight),
  birds.map((bird) => bird.weight).filter((weight) => weight <= 80).reverse(),
);
const tame = await zoo
  .build(QueryCommand)
  .entities(Animal)
  .query({ partition: "birds", range: { beginsWith: "bird-1" } })
  .options({ filters: { Animal: { attr: "tame", eq: true } }, reverse: true })
  .send();
assert.deepEqual(tame.Items.map((each) => each.animal), ["bird-15", "bird-10"]);
const all = await zoo.build(ScanCommand).entities(Animal).options({ maxPages: Infinity, limit: 20 }).send();
assert.equal(all.Items.length, 51);

const swap = (least) =>
  executeTransactWrite(
    Animal.build(PutTransaction).item({ house: "cats", animal: "tom", weight: 4 }),
    Animal.build(UpdateTransaction).item({ ...key, weight: $add(-1) }),
    Animal.build(ConditionCheck)
      .key({ house: "birds", animal: "bird-00" })
      .condition({ attr: "weight", eq: least }),
  );
await assert.rejects(swap(1), (error) => {
  assert.ok(error instanceof TransactionCanceledException);
  assert.deepEqual(
    error.CancellationReasons.map((reason) => reason.Code),
    ["None", "None", "ConditionalCheckFailed"],
  );
  return true;
});
await swap(100);
const pair = await executeTransactGet(
  Animal.build(GetTransaction).key(key),
  Animal.build(GetTransaction).key({ house: "cats", animal: "tom" }),
);
assert.deepEqual(pair.Responses.map((each) => each.Item.weight), [191.5, 4]);
const gone = await Animal.build(DeleteItemCommand)
  .key(key)
  .options({ returnValues: "ALL_OLD", condition: { attr: "weight", gt: 100 } })
  .send();
assert.equal(gone.Attributes.weight, 191.5);
assert.equal((await Animal.build(GetItemCommand).key(key).send()).Item, undefined);
await client.send(new DeleteTableCommand({ TableName: name }));
