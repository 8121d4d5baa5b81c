-- The size that an item's or an entry's value begins with.
CREATE OR REPLACE FUNCTION genset.size_of(p_value bytea)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT get_byte(p_value, 0)::bigint * 16777216 + get_byte(p_value, 1)::bigint * 65536
        + get_byte(p_value, 2)::bigint * 256 + get_byte(p_value, 3)::bigint
$$;

-- The counters of a key as one text: their shards added up, in order.
CREATE OR REPLACE FUNCTION genset.sums(p_key bytea)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(string_agg(e.amount::text, ',' ORDER BY e.element), '')
    FROM (
        SELECT c.element, sum(c.amount) AS amount FROM genset.counters AS c
        WHERE c.key = p_key GROUP BY c.element
    ) AS e
$$;

-- Locks in the order of their numbers, which is the same for all, so that two calls never wait for
-- each other. They are held until the transaction ends.
CREATE OR REPLACE FUNCTION genset.lock(p_locks bigint[], p_exclusive boolean[])
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.lock)
                 ELSE pg_advisory_xact_lock_shared(l.lock) END
    FROM unnest(p_locks, p_exclusive) AS l(lock, exclusive);
END;
$$;

-- Checks that all that was read is still so, and if it is, makes all changes. It answers what is
-- otherwise than it was read (1: a value, 2: counters, 3: a range), and then it changed nothing.
-- Each statement in it sees what was committed before it began, so what is looked at after the
-- locks were taken cannot change any more.
CREATE OR REPLACE FUNCTION genset.commit(
    p_writer bigint, p_epoch bigint, p_serial bigint, p_version bigint, p_shard smallint,
    p_locks bigint[], p_exclusive boolean[],
    p_read_keys bytea[], p_read_versions bigint[],
    p_sum_keys bytea[], p_sums text[],
    p_scan_starts bytea[], p_scan_stops bytea[], p_scan_limits bigint[], p_scan_reverse boolean[],
    p_scan_digests numeric[],
    p_range_starts bytea[], p_range_stops bytea[],
    p_delete_keys bytea[],
    p_counted_keys bytea[], p_counted_counters bytea[], p_counted_sizes bigint[],
    p_put_keys bytea[], p_put_values bytea[],
    p_add_keys bytea[], p_add_elements smallint[], p_add_amounts bigint[]
)
RETURNS TABLE (kind integer, key bytea, value bytea, version bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_counters bytea[];
    v_keys bigint[];
    v_sizes bigint[];
    v_digest numeric;
    v_stale boolean := false;
BEGIN
    PERFORM genset.lock(p_locks, p_exclusive);

    IF cardinality(p_read_keys) > 0 THEN
        RETURN QUERY
            SELECT 1, r.key, kv.value, coalesce(kv.version, 0)
            FROM unnest(p_read_keys, p_read_versions) AS r(key, version)
            LEFT JOIN genset.kv AS kv ON kv.key = r.key
            WHERE coalesce(kv.version, 0) <> r.version;
        v_stale := v_stale OR FOUND;
    END IF;
    IF cardinality(p_sum_keys) > 0 THEN
        RETURN QUERY
            SELECT 2, r.key, convert_to(r.present, 'UTF8'), 0::bigint
            FROM (
                SELECT s.key, s.sums, genset.sums(s.key) AS present
                FROM unnest(p_sum_keys, p_sums) AS s(key, sums)
            ) AS r
            WHERE r.present <> r.sums;
        v_stale := v_stale OR FOUND;
    END IF;
    FOR i IN 1 .. cardinality(p_scan_starts) LOOP
        IF p_scan_reverse[i] THEN
            SELECT coalesce(sum(f.version), 0) + count(*) INTO v_digest FROM (
                SELECT kv.version FROM genset.kv AS kv
                WHERE kv.key >= p_scan_starts[i] AND kv.key < p_scan_stops[i]
                ORDER BY kv.key DESC LIMIT p_scan_limits[i]
            ) AS f;
        ELSE
            SELECT coalesce(sum(f.version), 0) + count(*) INTO v_digest FROM (
                SELECT kv.version FROM genset.kv AS kv
                WHERE kv.key >= p_scan_starts[i] AND kv.key < p_scan_stops[i]
                ORDER BY kv.key LIMIT p_scan_limits[i]
            ) AS f;
        END IF;
        IF v_digest <> p_scan_digests[i] THEN
            RETURN QUERY SELECT 3, p_scan_starts[i], NULL::bytea, 0::bigint;
            v_stale := true;
        END IF;
    END LOOP;
    IF v_stale OR p_serial = 0 THEN
        RETURN;
    END IF;

    -- Whoever asks later what became of this commit takes the epoch, and then this finds nothing.
    UPDATE genset.writers AS w SET last = p_serial, seen = now()
    WHERE w.id = p_writer AND w.epoch = p_epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the writer has been replaced' USING ERRCODE = 'GS001';
    END IF;

    IF cardinality(p_counted_keys) > 0 THEN
        SELECT array_agg(o.counter), array_agg(o.keys), array_agg(o.grown)
        INTO v_counters, v_keys, v_sizes
        FROM (
            SELECT c.counter,
                   count(*) FILTER (WHERE kv.key IS NULL) AS keys,
                   sum(c.size - coalesce(genset.size_of(kv.value), 0))::bigint AS grown
            FROM unnest(p_counted_keys, p_counted_counters, p_counted_sizes)
                AS c(key, counter, size)
            LEFT JOIN genset.kv AS kv ON kv.key = c.key
            GROUP BY c.counter
        ) AS o;
    END IF;
    FOR i IN 1 .. cardinality(p_range_starts) LOOP
        DELETE FROM genset.kv AS kv
        WHERE kv.key >= p_range_starts[i] AND kv.key < p_range_stops[i];
        DELETE FROM genset.counters AS c
        WHERE c.key >= p_range_starts[i] AND c.key < p_range_stops[i];
    END LOOP;
    IF cardinality(p_delete_keys) > 0 THEN
        DELETE FROM genset.kv AS kv WHERE kv.key = ANY (p_delete_keys);
        DELETE FROM genset.counters AS c WHERE c.key = ANY (p_delete_keys);
    END IF;
    IF cardinality(p_put_keys) > 0 THEN
        INSERT INTO genset.kv (key, value, version)
        SELECT p.key, p.value, p_version FROM unnest(p_put_keys, p_put_values) AS p(key, value)
        ON CONFLICT ON CONSTRAINT kv_pkey
        DO UPDATE SET value = excluded.value, version = excluded.version;
    END IF;
    IF cardinality(p_add_keys) > 0 OR v_counters IS NOT NULL THEN
        INSERT INTO genset.counters AS c (key, element, shard, amount)
        SELECT a.key, a.element, p_shard, sum(a.amount)::bigint
        FROM (
            SELECT u.key, u.element, u.amount
            FROM unnest(p_add_keys, p_add_elements, p_add_amounts) AS u(key, element, amount)
            UNION ALL
            SELECT u.key, 0::smallint, u.amount FROM unnest(v_counters, v_keys) AS u(key, amount)
            UNION ALL
            SELECT u.key, 1::smallint, u.amount FROM unnest(v_counters, v_sizes) AS u(key, amount)
        ) AS a
        GROUP BY a.key, a.element
        ORDER BY a.key, a.element
        ON CONFLICT ON CONSTRAINT counters_pkey
        DO UPDATE SET amount = c.amount + excluded.amount WHERE excluded.amount <> 0;
    END IF;
END;
$$;
