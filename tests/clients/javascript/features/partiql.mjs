// PartiQL on the low-level and the document client: statements, pages, batches, transactions.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DuplicateItemException,
  DynamoDBClient,
  ExecuteStatementCommand as RawStatementCommand,
  ResourceNotFoundException,
  TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchExecuteStatementCommand,
  DynamoDBDocumentClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
} from "@aws-sdk/lib-dynamodb";
import { configuration, fresh } from "../support.mjs";

const client = new DynamoDBClient(configuration);
const documents = DynamoDBDocumentClient.from(client);
const TableName = fresh("films");
await client.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [
      { AttributeName: "director", AttributeType: "S" },
      { AttributeName: "title", AttributeType: "S" },
      { AttributeName: "year", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "director", KeyType: "HASH" },
      { AttributeName: "title", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-year",
        KeySchema: [{ AttributeName: "year", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    ],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });

const run = (Statement, Parameters, more = {}) =>
  documents.send(new ExecuteStatementCommand({ Statement, Parameters, ...more }));
const insert = `INSERT INTO "${TableName}" VALUE {'director': ?, 'title': ?, 'year': ?, 'cast': ?}`;
for (let n = 0; n < 12; n++) {
  await run(insert, ["varda", `film-${String(n).padStart(2, "0")}`, 1960 + (n % 3), ["one"]]);
}
await assert.rejects(run(insert, ["varda", "film-00", 1, []]), DuplicateItemException);

const byKey = `SELECT * FROM "${TableName}" WHERE director = ? AND title = ?`;
assert.deepEqual((await run(byKey, ["varda", "film-01"])).Items, [
  { director: "varda", title: "film-01", year: 1961, cast: ["one"] },
]);
const titles = [];
let NextToken;
do {
  const page = await run(
    `SELECT title FROM "${TableName}" WHERE director = ? AND title >= 'film-03' ORDER BY title DESC`,
    ["varda"],
    { Limit: 4, NextToken },
  );
  titles.push(...page.Items.map((item) => item.title));
  NextToken = page.NextToken;
} while (NextToken);
assert.deepEqual(
  titles,
  Array.from({ length: 9 }, (_, n) => `film-${String(11 - n).padStart(2, "0")}`),
);
const ofYear = await run(
  `SELECT title FROM "${TableName}"."by-year" WHERE "year" = ? AND contains("cast", 'one')`,
  [1962],
);
assert.equal(ofYear.Items.length, 4);

const returned = await run(
  `UPDATE "${TableName}" SET "cast" = list_append("cast", ?) SET seen = true
   WHERE director = ? AND title = ? RETURNING ALL NEW *`,
  [["two"], "varda", "film-01"],
);
assert.deepEqual(returned.Items[0].cast, ["one", "two"]);
assert.equal(returned.Items[0].seen, true);
await assert.rejects(
  run(`UPDATE "${TableName}" SET seen = true WHERE director = ? AND title = ?`, ["varda", "none"]),
  { name: "ConditionalCheckFailedException" },
);

const batch = await documents.send(
  new BatchExecuteStatementCommand({
    Statements: [
      { Statement: byKey, Parameters: ["varda", "film-02"] },
      { Statement: byKey, Parameters: ["varda", "none"] },
      { Statement: `SELECT * FROM "${fresh("none")}" WHERE director = 'x' AND title = 'y'` },
    ],
  }),
);
assert.deepEqual(batch.Responses.map((each) => each.Item?.title ?? each.Error?.Code ?? "none"), [
  "film-02",
  "none",
  "ResourceNotFound",
]);

const retitle = (year, token) =>
  documents.send(
    new ExecuteTransactionCommand({
      ClientRequestToken: token,
      TransactStatements: [
        { Statement: insert, Parameters: ["varda", "new", year, []] },
        {
          Statement: `DELETE FROM "${TableName}" WHERE director = ? AND title = ?`,
          Parameters: ["varda", "film-00"],
        },
        {
          Statement: `EXISTS(SELECT * FROM "${TableName}" WHERE director = ? AND title = ? AND "year" = ?)`,
          Parameters: ["varda", "film-02", year],
        },
      ],
    }),
  );
await assert.rejects(retitle(2000), (error) => {
  assert.ok(error instanceof TransactionCanceledException);
  assert.deepEqual(
    error.CancellationReasons.map((reason) => reason.Code),
    ["None", "None", "ConditionalCheckFailed"],
  );
  return true;
});
await retitle(1962);
assert.equal((await run(byKey, ["varda", "film-00"])).Items.length, 0);
assert.equal((await run(byKey, ["varda", "new"])).Items.length, 1);

await assert.rejects(
  client.send(new RawStatementCommand({ Statement: 'SELECT * FROM "nobody-made-this"' })),
  ResourceNotFoundException,
);
await assert.rejects(run("SELEKT * FROM x"), { name: "ValidationException" });
await client.send(new DeleteTableCommand({ TableName }));
