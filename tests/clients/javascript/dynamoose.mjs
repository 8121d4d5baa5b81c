// A blog on dynamoose: schemas, models that make their own tables, conditions, pages.
import assert from "node:assert/strict";
import dynamoose from "dynamoose";
import { configuration, fresh } from "./support.mjs";

dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(configuration));

const schema = new dynamoose.Schema(
  {
    author: { type: String, hashKey: true },
    slug: { type: String, rangeKey: true },
    state: {
      type: String,
      enum: ["draft", "published"],
      default: "draft",
      index: { name: "by-state", type: "global", rangeKey: "words" },
    },
    words: { type: Number, required: true },
    title: String,
    tags: { type: Set, schema: [String] },
    published: Date,
    cover: Buffer,
    links: { type: Array, schema: [{ type: Object, schema: { to: String } }] },
    comments: { type: Array, schema: [String], default: () => [] },
  },
  { timestamps: true },
);
const name = fresh("blog");
const Post = dynamoose.model("Post", schema);
const table = new dynamoose.Table(name, [Post], {
  initialize: false,
  waitForActive: { enabled: true, check: { timeout: 30_000, frequency: 100 } },
  throughput: "ON_DEMAND",
});
await table.initialize();

const published = new Date("2026-02-03T04:05:06.789Z");
const first = await Post.create({
  author: "ann",
  slug: "first",
  words: 250,
  tags: new Set(["a", "b"]),
  published,
  cover: Buffer.from([0, 1, 255]),
  links: [{ to: "elsewhere" }],
});
assert.equal(first.state, "draft");
await assert.rejects(Post.create({ author: "ann", slug: "first", words: 1 }), {
  name: "ConditionalCheckFailedException",
});
await assert.rejects(Post.create({ author: "ann", slug: "no words" }), /words/);

const read = await Post.get({ author: "ann", slug: "first" });
assert.deepEqual(read.tags, new Set(["a", "b"]));
assert.equal(read.published.getTime(), published.getTime());
assert.deepEqual(Buffer.from(read.cover), Buffer.from([0, 1, 255]));
assert.deepEqual(JSON.parse(JSON.stringify(read.links)), [{ to: "elsewhere" }]);
assert.ok(read.createdAt instanceof Date);
assert.equal(await Post.get({ author: "ann", slug: "none" }), undefined);

const updated = await Post.update(
  { author: "ann", slug: "first" },
  {
    $SET: { state: "published" },
    $ADD: { words: 50, comments: ["nice"] },
    $REMOVE: ["links"],
  },
  { condition: new dynamoose.Condition().filter("state").eq("draft") },
);
assert.deepEqual([updated.state, updated.words, updated.links], ["published", 300, undefined]);
assert.deepEqual([...updated.comments], ["nice"]);
await assert.rejects(
  Post.update(
    { author: "ann", slug: "first" },
    { title: "late" },
    { condition: new dynamoose.Condition().filter("state").eq("draft") },
  ),
  { name: "ConditionalCheckFailedException" },
);

const posts = Array.from({ length: 40 }, (_, n) => ({
  author: n % 2 ? "bea" : "cas",
  slug: `post-${String(n).padStart(2, "0")}`,
  state: n % 4 ? "published" : "draft",
  words: n,
}));
for (let start = 0; start < posts.length; start += 25) {
  const { unprocessedItems } = await Post.batchPut(posts.slice(start, start + 25));
  assert.equal(unprocessedItems.length, 0);
}
const got = await Post.batchGet(posts.slice(0, 10).map(({ author, slug }) => ({ author, slug })));
assert.equal(got.length, 10);

const page = await Post.query("author").eq("bea").where("slug").ge("post-10").limit(6).exec();
assert.equal(page.count, 6);
const rest = await Post.query("author")
  .eq("bea").where("slug").ge("post-10").startAt(page.lastKey).all().exec();
const slugs = [...page, ...rest].map((post) => post.slug);
assert.deepEqual(slugs, posts.filter((p) => p.author === "bea" && p.words >= 10).map((p) => p.slug));

const long = await Post.query("state").eq("published").using("by-state")
  .where("words").gt(20).sort("descending").exec();
assert.deepEqual(
  long.map((post) => post.words),
  [300, ...posts.filter((p) => p.state === "published" && p.words > 20).map((p) => p.words).reverse()],
);
const drafts = await Post.scan("state").eq("draft").all(0, 0).exec();
assert.equal(drafts.length, 10);
assert.equal((await Post.scan().count().exec()).count, 41);

await assert.rejects(
  dynamoose.transaction([
    Post.transaction.create({ author: "dan", slug: "one", words: 1 }),
    Post.transaction.condition(
      { author: "ann", slug: "first" },
      new dynamoose.Condition("state").eq("draft"),
    ),
  ]),
  { name: "TransactionCanceledException" },
);
assert.equal(await Post.get({ author: "dan", slug: "one" }), undefined);
await dynamoose.transaction([
  Post.transaction.create({ author: "dan", slug: "one", words: 1 }),
  Post.transaction.update({ author: "ann", slug: "first" }, { $SET: { title: "The first" } }),
  Post.transaction.delete({ author: "bea", slug: "post-01" }),
]);
const pair = await dynamoose.transaction([
  Post.transaction.get({ author: "dan", slug: "one" }),
  Post.transaction.get({ author: "ann", slug: "first" }),
]);
assert.deepEqual(pair.map((post) => post.title), [undefined, "The first"]);
await Post.delete({ author: "dan", slug: "one" });
assert.equal(await Post.get({ author: "dan", slug: "one" }), undefined);
await dynamoose.aws.ddb().deleteTable({ TableName: name });
