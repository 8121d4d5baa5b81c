// What the programs share: where the server is, names that no other run uses, small assertions.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export const endpoint = process.env.GENSET_ENDPOINT;
assert.ok(endpoint, "GENSET_ENDPOINT names the server");

export const configuration = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
};

/** A table name of this run alone. */
export const fresh = (name) => `${name}-${randomUUID()}`;

/** Every page of an SDK paginator. */
export async function pagesOf(paginator) {
  const pages = [];
  for await (const page of paginator) pages.push(page);
  return pages;
}

/** Ask until the answer holds, for what a service does in its own time. */
export async function eventually(ask, holds, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > deadline) assert.fail(`not within ${seconds} s: ${JSON.stringify(answer)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
