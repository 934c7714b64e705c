-- Counts of users that are kept while rows change, so that nobody has to count rows again.
--
-- A transaction that changes users takes a free slot, with an advisory lock that it never waits for,
-- and adds its changes to that slot's row. No two transactions touch the same row, so writers neither
-- queue nor deadlock. A transaction that finds no free slot, or whose isolation level forbids updating
-- rows that changed since its snapshot, inserts rows of its own instead.
--
-- What a writer pays is the number and the size of the statements in a trigger, which cost more to begin
-- than to run. So a change of one user is one short look and one update of one row, if the user is of the
-- present minute or no time has changed, and others go a longer way.

-- The trigger functions have the owner's rights and look names up along this path. Temporary tables
-- come last in it, not first: a caller can have one of any name, with triggers of his own.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', TRUE);

-- How many users there are by flags: the sums over all slots. And how many were created in the slot's
-- present minute, as far as user_counts_by_hour does not have them yet. A slot that is looked for from
-- the session's own number on is nearly always free at once.
CREATE TABLE user_counts (
    slot bigint PRIMARY KEY,
    plain_inactive bigint NOT NULL,
    super_inactive bigint NOT NULL,
    plain_active bigint NOT NULL,
    super_active bigint NOT NULL,
    minute timestamptz NOT NULL DEFAULT '-infinity',
    created integer NOT NULL DEFAULT 0,
    padding text NOT NULL DEFAULT ''
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- How many users were created in each minute of an hour, for hours of the last nine days and later. Low
-- slots are tried first, so that there are about as many rows of an hour as writers at one time. A week
-- of hours is read from the index alone.
CREATE TABLE user_counts_by_hour (
    hour timestamptz NOT NULL,
    slot bigint NOT NULL,
    created integer NOT NULL,
    by_minute integer[] NOT NULL,
    PRIMARY KEY (hour, slot) INCLUDE (created)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Slots of the transactions that found none free.
CREATE SEQUENCE user_counts_own_slots START WITH 1000;

-- One slot a page: writers that share a page keep each other from tidying it up. The padding makes
-- every row take a page, and is not needed once it has one.
ALTER TABLE user_counts ALTER COLUMN padding SET STORAGE PLAIN;
INSERT INTO user_counts (slot, plain_inactive, super_inactive, plain_active, super_active, padding)
SELECT slot, 0, 0, 0, 0, repeat(' ', 5000)
FROM generate_series(0, 63) AS slot;
UPDATE user_counts SET padding = '';

-- A slot that the current transaction may write to, the first free one of 64 from `start` on, or NULL
-- if it needs rows of its own. The locks of a table's slots begin at `first_lock`. All names have
-- their schema, for those callers below that have no path.
CREATE FUNCTION user_counts_free_slot(first_lock integer, start integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    slot integer;
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) 'read committed' THEN
        FOR step IN 0..63 LOOP
            slot := pg_catalog.mod(start OPERATOR(pg_catalog.+) step, 64);
            IF pg_catalog.pg_try_advisory_xact_lock(
                1919904876, first_lock OPERATOR(pg_catalog.+) slot
            ) THEN
                RETURN slot;
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;

-- Adds to the counts by flags in that slot, or in a new one if it is NULL.
CREATE FUNCTION user_counts_add(
    chosen bigint,
    more_plain_inactive bigint,
    more_super_inactive bigint,
    more_plain_active bigint,
    more_super_active bigint
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE user_counts
    SET plain_inactive = plain_inactive + more_plain_inactive,
        super_inactive = super_inactive + more_super_inactive,
        plain_active = plain_active + more_plain_active,
        super_active = super_active + more_super_active
    WHERE slot = chosen;
    IF NOT FOUND THEN
        INSERT INTO user_counts (slot, plain_inactive, super_inactive, plain_active, super_active)
        VALUES (
            coalesce(chosen, nextval('user_counts_own_slots')),
            more_plain_inactive,
            more_super_inactive,
            more_plain_active,
            more_super_active
        );
    END IF;
END
$$;

-- Adds to the users that were created in a minute.
CREATE FUNCTION user_counts_add_minute(minute timestamptz, more bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    chosen bigint := user_counts_free_slot(64, 0);
    its_hour timestamptz := date_trunc('hour', minute, 'UTC');
    position integer := 1 + extract(minute FROM minute AT TIME ZONE 'UTC')::integer;
    minutes integer[];
BEGIN
    UPDATE user_counts_by_hour
    SET created = created + more,
        by_minute[position] = by_minute[position] + more
    WHERE hour = its_hour
        AND slot = chosen;
    IF FOUND THEN
        RETURN;
    END IF;
    -- Once an hour: this slot's hours that have left the week for good.
    DELETE FROM user_counts_by_hour
    WHERE slot = chosen
        AND hour < now() - INTERVAL '9 days';
    minutes := array_fill(0, ARRAY[60]);
    minutes[position] := more;
    INSERT INTO user_counts_by_hour (hour, slot, created, by_minute)
    VALUES (its_hour, coalesce(chosen, nextval('user_counts_own_slots')), more, minutes);
END
$$;

-- Lets a slot count the users of another minute from now on.
CREATE FUNCTION user_counts_turn(chosen bigint, next_minute timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    ended record;
BEGIN
    SELECT minute, created
    INTO ended
    FROM user_counts
    WHERE slot = chosen
        AND minute <> next_minute;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE user_counts
    SET minute = next_minute,
        created = 0
    WHERE slot = chosen;
    IF ended.created <> 0 AND ended.minute >= now() - INTERVAL '8 days' THEN
        PERFORM user_counts_add_minute(ended.minute, ended.created);
    END IF;
END
$$;

-- Trigger functions. They write tables that an application's own role need not know, with the rights
-- of the owner, and so must not look anything up where the caller wants it. To set a path for each call
-- is an eighth of what counting costs. What a change of one user takes is therefore written with the
-- schema before each name, `@schema@` standing for this one, and all else sets the path first.
DO $install$
BEGIN
    EXECUTE replace(
        $definition$
CREATE FUNCTION count_inserted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    one record;
    change record;
    callers_path text;
    mine bigint := pg_catalog.mod(pg_catalog.pg_backend_pid(), 64);
BEGIN
    -- As in user_counts_free_slot, whose call costs more than its work.
    IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed'
        OR NOT pg_catalog.pg_try_advisory_xact_lock(1919904876, mine::integer)
    THEN
        mine := @schema@.user_counts_free_slot(0, pg_catalog.pg_backend_pid());
    END IF;
    SELECT is_active, is_superuser, created_at, EXISTS (SELECT FROM added OFFSET 1) AS is_one_of_many
    INTO one
    FROM added
    LIMIT 1;
    IF NOT one.is_one_of_many THEN
        UPDATE @schema@.user_counts
        SET plain_inactive = plain_inactive
                OPERATOR(pg_catalog.+) (NOT one.is_active AND NOT one.is_superuser)::integer,
            super_inactive = super_inactive
                OPERATOR(pg_catalog.+) (NOT one.is_active AND one.is_superuser)::integer,
            plain_active = plain_active
                OPERATOR(pg_catalog.+) (one.is_active AND NOT one.is_superuser)::integer,
            super_active = super_active
                OPERATOR(pg_catalog.+) (one.is_active AND one.is_superuser)::integer,
            created = created OPERATOR(pg_catalog.+) 1
        WHERE slot OPERATOR(pg_catalog.=) mine
            AND one.created_at OPERATOR(pg_catalog.>=) minute
            AND one.created_at
                OPERATOR(pg_catalog.<) (minute OPERATOR(pg_catalog.+) INTERVAL '1 minute');
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;

    callers_path := pg_catalog.current_setting('search_path');
    PERFORM pg_catalog.set_config('search_path', '@schema@, pg_temp', TRUE);
    SELECT
        count(*) AS rows,
        count(*) FILTER (WHERE NOT is_active AND NOT is_superuser) AS plain_inactive,
        count(*) FILTER (WHERE NOT is_active AND is_superuser) AS super_inactive,
        count(*) FILTER (WHERE is_active AND NOT is_superuser) AS plain_active,
        count(*) FILTER (WHERE is_active AND is_superuser) AS super_active,
        max(created_at) AS latest
    INTO change
    FROM added;
    IF change.rows > 0 THEN
        PERFORM user_counts_add(
            mine,
            change.plain_inactive,
            change.super_inactive,
            change.plain_active,
            change.super_active
        );
    END IF;
    IF change.latest >= now() - INTERVAL '8 days' THEN
        PERFORM user_counts_turn(mine, date_trunc('minute', change.latest, 'UTC'));
        PERFORM user_counts_add_minute(recent.minute, recent.rows)
        FROM (
            SELECT
                date_trunc('minute', created_at, 'UTC') AS minute,
                count(*) AS rows
            FROM added
            WHERE created_at >= now() - INTERVAL '8 days'
            GROUP BY 1
        ) AS recent;
    END IF;
    PERFORM set_config('search_path', callers_path, TRUE);
    RETURN NULL;
END
$$
        $definition$,
        '@schema@', quote_ident(current_schema())
    );
END
$install$;

CREATE FUNCTION count_deleted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    change record;
BEGIN
    SELECT
        count(*) AS rows,
        count(*) FILTER (WHERE NOT is_active AND NOT is_superuser) AS plain_inactive,
        count(*) FILTER (WHERE NOT is_active AND is_superuser) AS super_inactive,
        count(*) FILTER (WHERE is_active AND NOT is_superuser) AS plain_active,
        count(*) FILTER (WHERE is_active AND is_superuser) AS super_active,
        max(created_at) AS latest
    INTO change
    FROM removed;
    IF change.rows = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM user_counts_add(
        user_counts_free_slot(0, pg_backend_pid()),
        -change.plain_inactive,
        -change.super_inactive,
        -change.plain_active,
        -change.super_active
    );
    IF change.latest >= now() - INTERVAL '8 days' THEN
        PERFORM user_counts_add_minute(recent.minute, -recent.rows)
        FROM (
            SELECT
                date_trunc('minute', created_at, 'UTC') AS minute,
                count(*) AS rows
            FROM removed
            WHERE created_at >= now() - INTERVAL '8 days'
            GROUP BY 1
        ) AS recent;
    END IF;
    RETURN NULL;
END
$$;

-- A trigger with transition tables cannot be limited to columns, so an update that changes nothing
-- that is counted must leave early.
DO $install$
BEGIN
    EXECUTE replace(
        $definition$
CREATE FUNCTION count_updated_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    one record;
    change record;
    callers_path text;
    mine bigint := pg_catalog.mod(pg_catalog.pg_backend_pid(), 64);
BEGIN
    SELECT
        before.is_active AS was_active,
        before.is_superuser AS was_superuser,
        before.created_at AS was_created_at,
        after.is_active,
        after.is_superuser,
        after.created_at,
        EXISTS (SELECT FROM added OFFSET 1) AS is_one_of_many
    INTO one
    FROM (SELECT is_active, is_superuser, created_at FROM removed LIMIT 1) AS before
    CROSS JOIN (SELECT is_active, is_superuser, created_at FROM added LIMIT 1) AS after;
    IF NOT one.is_one_of_many AND one.created_at OPERATOR(pg_catalog.=) one.was_created_at THEN
        IF one.is_active OPERATOR(pg_catalog.=) one.was_active
            AND one.is_superuser OPERATOR(pg_catalog.=) one.was_superuser
        THEN
            RETURN NULL;
        END IF;
        -- As in user_counts_free_slot, whose call costs more than its work.
        IF pg_catalog.current_setting('transaction_isolation')
                OPERATOR(pg_catalog.<>) 'read committed'
            OR NOT pg_catalog.pg_try_advisory_xact_lock(1919904876, mine::integer)
        THEN
            mine := @schema@.user_counts_free_slot(0, pg_catalog.pg_backend_pid());
        END IF;
        UPDATE @schema@.user_counts
        SET plain_inactive = plain_inactive
                OPERATOR(pg_catalog.+) (NOT one.is_active AND NOT one.is_superuser)::integer
                OPERATOR(pg_catalog.-) (NOT one.was_active AND NOT one.was_superuser)::integer,
            super_inactive = super_inactive
                OPERATOR(pg_catalog.+) (NOT one.is_active AND one.is_superuser)::integer
                OPERATOR(pg_catalog.-) (NOT one.was_active AND one.was_superuser)::integer,
            plain_active = plain_active
                OPERATOR(pg_catalog.+) (one.is_active AND NOT one.is_superuser)::integer
                OPERATOR(pg_catalog.-) (one.was_active AND NOT one.was_superuser)::integer,
            super_active = super_active
                OPERATOR(pg_catalog.+) (one.is_active AND one.is_superuser)::integer
                OPERATOR(pg_catalog.-) (one.was_active AND one.was_superuser)::integer
        WHERE slot OPERATOR(pg_catalog.=) mine;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;

    callers_path := pg_catalog.current_setting('search_path');
    PERFORM pg_catalog.set_config('search_path', '@schema@, pg_temp', TRUE);
    SELECT
        sum(sign) FILTER (WHERE NOT is_active AND NOT is_superuser) AS plain_inactive,
        sum(sign) FILTER (WHERE NOT is_active AND is_superuser) AS super_inactive,
        sum(sign) FILTER (WHERE is_active AND NOT is_superuser) AS plain_active,
        sum(sign) FILTER (WHERE is_active AND is_superuser) AS super_active,
        min(created_at) AS earliest,
        max(created_at) AS latest
    INTO change
    FROM (
        SELECT 1 AS sign, is_active, is_superuser, created_at FROM added
        UNION ALL
        SELECT -1, is_active, is_superuser, created_at FROM removed
    ) AS changed;
    IF change.plain_inactive <> 0
        OR change.super_inactive <> 0
        OR change.plain_active <> 0
        OR change.super_active <> 0
    THEN
        PERFORM user_counts_add(
            user_counts_free_slot(0, pg_backend_pid()),
            coalesce(change.plain_inactive, 0),
            coalesce(change.super_inactive, 0),
            coalesce(change.plain_active, 0),
            coalesce(change.super_active, 0)
        );
    END IF;
    -- Where all rows have one time, before and after, none has moved.
    IF change.earliest <> change.latest AND change.latest >= now() - INTERVAL '8 days' THEN
        PERFORM user_counts_add_minute(moved.minute, moved.rows)
        FROM (
            SELECT
                date_trunc('minute', created_at, 'UTC') AS minute,
                sum(sign) AS rows
            FROM (
                SELECT 1 AS sign, created_at FROM added
                UNION ALL
                SELECT -1, created_at FROM removed
            ) AS changed
            WHERE created_at >= now() - INTERVAL '8 days'
            GROUP BY 1
            HAVING sum(sign) <> 0
        ) AS moved;
    END IF;
    PERFORM set_config('search_path', callers_path, TRUE);
    RETURN NULL;
END
$$
        $definition$,
        '@schema@', quote_ident(current_schema())
    );
END
$install$;

-- TRUNCATE is seen by every snapshot at once, and so must be what it does to the counts.
CREATE FUNCTION count_truncated_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    TRUNCATE user_counts, user_counts_by_hour;
    RETURN NULL;
END
$$;

-- What the counts lack: true numbers less kept ones, in one snapshot. All zero when all is well.
-- It reads the whole table.
CREATE VIEW user_counts_drift AS
SELECT
    truth.plain_inactive - kept.plain_inactive AS plain_inactive,
    truth.super_inactive - kept.super_inactive AS super_inactive,
    truth.plain_active - kept.plain_active AS plain_active,
    truth.super_active - kept.super_active AS super_active
FROM (
    SELECT
        count(*) FILTER (WHERE NOT is_active AND NOT is_superuser) AS plain_inactive,
        count(*) FILTER (WHERE NOT is_active AND is_superuser) AS super_inactive,
        count(*) FILTER (WHERE is_active AND NOT is_superuser) AS plain_active,
        count(*) FILTER (WHERE is_active AND is_superuser) AS super_active
    FROM users
) AS truth
CROSS JOIN (
    SELECT
        coalesce(sum(plain_inactive), 0)::bigint AS plain_inactive,
        coalesce(sum(super_inactive), 0)::bigint AS super_inactive,
        coalesce(sum(plain_active), 0)::bigint AS plain_active,
        coalesce(sum(super_active), 0)::bigint AS super_active
    FROM user_counts
) AS kept;

-- The minutes of the last week whose counts are wrong, and by how much. Empty when all is well.
CREATE VIEW user_counts_drift_by_minute AS
SELECT
    minute,
    sum(rows)::bigint AS rows
FROM (
    SELECT
        date_trunc('minute', created_at, 'UTC') AS minute,
        count(*) AS rows
    FROM users
    WHERE created_at >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
        AND is_active IN (TRUE, FALSE)
        AND is_superuser IN (TRUE, FALSE)
    GROUP BY 1
    UNION ALL
    SELECT
        kept.hour + (by_minute.position - 1) * INTERVAL '1 minute',
        -by_minute.rows
    FROM user_counts_by_hour AS kept
    CROSS JOIN LATERAL unnest(kept.by_minute) WITH ORDINALITY AS by_minute (rows, position)
    WHERE kept.hour >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
    UNION ALL
    SELECT
        minute,
        -created
    FROM user_counts
    WHERE minute >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
) AS difference
GROUP BY minute
HAVING sum(rows) <> 0;

-- Merges the rows of transactions that found no free slot. Nobody writes to those again.
CREATE FUNCTION compact_user_counts() RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH merged AS (
        DELETE FROM user_counts
        WHERE slot >= 1000
        RETURNING plain_inactive, super_inactive, plain_active, super_active
    )
    INSERT INTO user_counts (slot, plain_inactive, super_inactive, plain_active, super_active)
    SELECT
        nextval('user_counts_own_slots'),
        sum(plain_inactive),
        sum(super_inactive),
        sum(plain_active),
        sum(super_active)
    FROM merged
    HAVING count(*) > 0;
    DELETE FROM user_counts_by_hour
    WHERE hour < now() - INTERVAL '9 days';
$$;

-- Makes the counts true again. Each statement sees rows and counts in one snapshot and adds their
-- difference, so it is exact while others write, and keeps nobody from writing.
CREATE FUNCTION repair_user_counts() RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'repair_user_counts needs READ COMMITTED';
    END IF;
    -- A second repair at the same time would add the difference a second time.
    PERFORM pg_advisory_xact_lock(1919904876, -1);
    INSERT INTO user_counts (slot, plain_inactive, super_inactive, plain_active, super_active)
    SELECT
        nextval('user_counts_own_slots'),
        plain_inactive,
        super_inactive,
        plain_active,
        super_active
    FROM user_counts_drift
    WHERE (plain_inactive, super_inactive, plain_active, super_active) <> (0, 0, 0, 0);
    INSERT INTO user_counts_by_hour (hour, slot, created, by_minute)
    WITH drift AS MATERIALIZED (
        SELECT minute, rows
        FROM user_counts_drift_by_minute
    )
    SELECT
        hours.hour,
        nextval('user_counts_own_slots'),
        sum(coalesce(drift.rows, 0)),
        array_agg(coalesce(drift.rows, 0)::integer ORDER BY position)
    FROM (SELECT DISTINCT date_trunc('hour', minute, 'UTC') AS hour FROM drift) AS hours
    CROSS JOIN generate_series(0, 59) AS position
    LEFT JOIN drift ON drift.minute = hours.hour + position * INTERVAL '1 minute'
    GROUP BY hours.hour;
    PERFORM compact_user_counts();
END
$$;
