// A resource policy: put, read back with its revision, removed; and the account's limits.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteResourcePolicyCommand,
  DeleteTableCommand,
  DescribeLimitsCommand,
  DynamoDBClient,
  GetResourcePolicyCommand,
  PolicyNotFoundException,
  PutResourcePolicyCommand,
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
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });

const ResourceArn = TableDescription.TableArn;
const Policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${TableDescription.TableArn.split(":")[4]}:root` },
      Action: "dynamodb:GetItem",
      Resource: ResourceArn,
    },
  ],
});
await assert.rejects(
  client.send(new GetResourcePolicyCommand({ ResourceArn })),
  PolicyNotFoundException,
);
const { RevisionId } = await client.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
const policy = await eventually(
  () => client.send(new GetResourcePolicyCommand({ ResourceArn })),
  (answer) => answer.RevisionId === RevisionId,
);
assert.deepEqual(JSON.parse(policy.Policy), JSON.parse(Policy));
await client.send(new DeleteResourcePolicyCommand({ ResourceArn }));

const limits = await client.send(new DescribeLimitsCommand({}));
assert.ok(limits.TableMaxReadCapacityUnits <= limits.AccountMaxReadCapacityUnits);

await client.send(new DeleteTableCommand({ TableName }));
