CREATE TABLE IF NOT EXISTS genset.kv (
    key bytea NOT NULL,
    value bytea NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT kv_pkey PRIMARY KEY (key)
);
CREATE TABLE IF NOT EXISTS genset.counters (
    key bytea NOT NULL,
    element smallint NOT NULL,
    shard smallint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (key, element, shard)
);
CREATE TABLE IF NOT EXISTS genset.writers (
    id bigint NOT NULL PRIMARY KEY,
    epoch bigint NOT NULL,
    last bigint NOT NULL,
    seen timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS genset.leases (
    name text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    until timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS genset.format (
    version integer NOT NULL PRIMARY KEY
);
