-- Replaces how users are counted. The functions of 0009 could be made to run somebody's code with the
-- rights of the table's owner, and every change of a user paid for counting, whatever it changed.
--
-- A statement that changes how many users there are of a kind inserts what it changed, and nothing
-- else: writers neither wait for each other nor deadlock, under any isolation level. What was inserted
-- is added up now and then, by the writer of one statement in some 500 and by the hourly clean-up.
--
-- Every function has a written-out search_path, in which pg_temp comes last, and nobody but the owner
-- may execute it. A trigger function also checks its table, because pg_restore --no-acl loses such
-- rights, and CREATE TRIGGER asks for no more. In a schema where others may create functions too, one of
-- theirs is chosen only if it fits the types of a call better than the server's own: so every operand
-- has the type that the server's operator is for, and functions of any type are named with pg_catalog.
SET LOCAL lock_timeout = '1s';
-- No change may be under way while the old counts are moved into the new tables.
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', TRUE);

-- Changes that are not yet added up: how many more users of a kind there are. The time is that of their
-- creation, or the minute that it lies in.
CREATE TABLE user_count_changes (
    created_at timestamptz NOT NULL,
    is_active boolean NOT NULL,
    is_superuser boolean NOT NULL,
    users integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The sum of all others, in four rows. Whoever adds changes up holds the lock of the first one.
CREATE TABLE user_count_totals (
    is_active boolean NOT NULL,
    is_superuser boolean NOT NULL,
    users bigint NOT NULL
) WITH (fillfactor = 50);

-- How many users were created in each minute and hour of the last nine days, and on each day ever, as
-- far as the changes are added up.
CREATE TABLE user_signups (
    unit text NOT NULL CHECK (unit IN ('minute', 'hour', 'day')),
    start timestamptz NOT NULL,
    users bigint NOT NULL,
    PRIMARY KEY (unit, start)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

INSERT INTO user_count_totals (is_active, is_superuser, users)
SELECT
    is_active,
    is_superuser,
    coalesce(
        sum(
            CASE
                WHEN is_active AND is_superuser THEN super_active
                WHEN is_active THEN plain_active
                WHEN is_superuser THEN super_inactive
                ELSE plain_inactive
            END
        ),
        0
    )
FROM (VALUES (FALSE, FALSE), (FALSE, TRUE), (TRUE, FALSE), (TRUE, TRUE)) AS kinds (is_active, is_superuser)
LEFT JOIN user_counts ON TRUE
GROUP BY is_active, is_superuser;

INSERT INTO user_signups (unit, start, users)
SELECT
    unit,
    date_trunc(unit, minute, 'UTC'),
    sum(users)
FROM (
    SELECT
        hour + (place - 1)::double precision * INTERVAL '1 minute' AS minute,
        users
    FROM user_counts_by_hour
    CROSS JOIN pg_catalog.unnest(by_minute) WITH ORDINALITY AS minutes (users, place)
    UNION ALL
    SELECT
        minute,
        created
    FROM user_counts
) AS created
CROSS JOIN (VALUES ('minute'), ('hour')) AS units (unit)
WHERE minute >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
GROUP BY 1, 2
HAVING sum(users) <> 0;

DROP TRIGGER count_inserted_users ON users;
DROP TRIGGER count_updated_users ON users;
DROP TRIGGER count_deleted_users ON users;
DROP TRIGGER count_truncated_users ON users;
DROP FUNCTION repair_user_counts();
DROP VIEW user_counts_drift_by_minute;
DROP VIEW user_counts_drift;
DROP FUNCTION compact_user_counts();
DROP FUNCTION count_truncated_users();
DROP FUNCTION count_updated_users();
DROP FUNCTION count_deleted_users();
DROP FUNCTION count_inserted_users();
DROP FUNCTION user_counts_turn(bigint, timestamptz);
DROP FUNCTION user_counts_add_minute(timestamptz, bigint);
DROP FUNCTION user_counts_add(bigint, bigint, bigint, bigint, bigint);
DROP FUNCTION user_counts_free_slot(integer, integer);
DROP SEQUENCE user_counts_own_slots;

-- Adds up what was inserted, unless somebody else is doing it. Under other isolation levels a snapshot
-- may be older than the totals, so there it does nothing.
CREATE FUNCTION compact_user_counts() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN;
    END IF;
    PERFORM FROM user_count_totals WHERE NOT is_active AND NOT is_superuser FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH changes AS (
        DELETE FROM user_count_changes
        RETURNING created_at, is_active, is_superuser, users
    ),
    totals AS (
        UPDATE user_count_totals AS totals
        SET users = totals.users + sums.users
        FROM (
            SELECT
                is_active,
                is_superuser,
                sum(users) AS users
            FROM changes
            GROUP BY is_active, is_superuser
        ) AS sums
        WHERE totals.is_active = sums.is_active
            AND totals.is_superuser = sums.is_superuser
            AND sums.users <> 0
    ),
    minutes AS (
        SELECT
            date_trunc('minute', created_at, 'UTC') AS minute,
            sum(users) AS users
        FROM changes
        GROUP BY 1
        HAVING sum(users) <> 0
    )
    INSERT INTO user_signups (unit, start, users)
    SELECT
        unit,
        date_trunc(unit, minute, 'UTC'),
        sum(users)
    FROM minutes
    CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS units (unit)
    WHERE unit = 'day'
        OR minute >= now() - INTERVAL '8 days'
    GROUP BY 1, 2
    ON CONFLICT (unit, start) DO UPDATE
    SET users = user_signups.users + excluded.users;
    DELETE FROM user_signups
    WHERE unit IN ('minute', 'hour')
        AND start < now() - INTERVAL '9 days';
END
$$;

-- The first few are inserted as they are, because adding up costs more than inserting a row or two. The
-- microseconds of the clock stand for chance: random() would disturb whoever has set its seed.
CREATE FUNCTION count_inserted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    counted bigint;
BEGIN
    IF TG_RELID <> 'users'::regclass::oid THEN
        RAISE EXCEPTION 'count_inserted_users() is for triggers on users alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    SELECT
        created_at,
        is_active,
        is_superuser,
        1
    FROM added
    LIMIT 8;
    GET DIAGNOSTICS counted = ROW_COUNT;
    IF counted = 8::bigint THEN
        INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
        SELECT
            date_trunc('minute', created_at, 'UTC'),
            is_active,
            is_superuser,
            count(*)
        FROM (SELECT created_at, is_active, is_superuser FROM added OFFSET 8) AS others
        GROUP BY 1, 2, 3;
    END IF;
    IF date_part('microseconds', clock_timestamp())::integer & 511 = 0 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_deleted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_RELID <> 'users'::regclass::oid THEN
        RAISE EXCEPTION 'count_deleted_users() is for triggers on users alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    SELECT
        date_trunc('minute', created_at, 'UTC'),
        is_active,
        is_superuser,
        -count(*)
    FROM removed
    GROUP BY 1, 2, 3;
    IF date_part('microseconds', clock_timestamp())::integer & 511 = 0 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;

-- For each row, and only where something changes that is counted: other updates call nothing.
CREATE FUNCTION count_updated_user() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_RELID <> 'users'::regclass::oid THEN
        RAISE EXCEPTION 'count_updated_user() is for triggers on users alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    VALUES
        (OLD.created_at, OLD.is_active, OLD.is_superuser, -1),
        (NEW.created_at, NEW.is_active, NEW.is_superuser, 1);
    IF date_part('microseconds', clock_timestamp())::integer & 511 = 0 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;

-- Nobody writes users meanwhile, and no changes are added up while the lock of the totals is held. A
-- snapshot that is older than the lock does not see all changes, and DELETE would leave some; TRUNCATE
-- takes all, but waits for readers, who may wait for the users that are locked.
CREATE FUNCTION count_truncated_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_RELID <> 'users'::regclass::oid THEN
        RAISE EXCEPTION 'count_truncated_users() is for triggers on users alone';
    END IF;
    PERFORM FROM user_count_totals WHERE NOT is_active AND NOT is_superuser FOR UPDATE;
    IF current_setting('transaction_isolation') = 'read committed' THEN
        DELETE FROM user_count_changes;
        DELETE FROM user_signups;
    ELSE
        TRUNCATE user_count_changes, user_signups;
    END IF;
    UPDATE user_count_totals
    SET users = 0;
    RETURN NULL;
END
$$;

-- What the counts lack: true numbers less kept ones, in one snapshot. Empty when all is well.
-- It reads the whole table.
CREATE VIEW user_counts_drift AS
SELECT
    is_active,
    is_superuser,
    sum(users)::bigint AS users
FROM (
    SELECT
        is_active,
        is_superuser,
        count(*) AS users
    FROM users
    GROUP BY is_active, is_superuser
    UNION ALL
    SELECT
        is_active,
        is_superuser,
        -users
    FROM user_count_totals
    UNION ALL
    SELECT
        is_active,
        is_superuser,
        -users
    FROM user_count_changes
) AS difference
GROUP BY is_active, is_superuser
HAVING sum(users) <> 0::numeric;

-- The minutes and hours of the last week, and the days, whose numbers of new users are wrong, and by
-- how much. Empty when all is well. It reads the whole table.
CREATE VIEW user_signups_drift AS
SELECT
    unit,
    start,
    sum(users)::bigint AS users
FROM (
    SELECT
        unit,
        date_trunc(unit, created_at, 'UTC') AS start,
        count(*) AS users
    FROM users
    CROSS JOIN (VALUES ('minute'), ('hour')) AS units (unit)
    WHERE created_at >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
    GROUP BY 1, 2
    UNION ALL
    SELECT
        'day',
        date_trunc('day', created_at, 'UTC'),
        count(*)
    FROM users
    GROUP BY 2
    UNION ALL
    SELECT
        unit,
        start,
        -users
    FROM user_signups
    WHERE unit = 'day'
        OR start >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
    UNION ALL
    SELECT
        unit,
        date_trunc(unit, created_at, 'UTC'),
        -users
    FROM user_count_changes
    CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS units (unit)
    WHERE unit = 'day'
        OR created_at >= date_trunc('hour', now() - INTERVAL '170 hours', 'UTC')
) AS difference
GROUP BY 1, 2
HAVING sum(users) <> 0::numeric;

-- Makes the counts true again. Each statement sees rows and counts in one snapshot and adds their
-- difference, so it is exact while others write, and keeps nobody from writing. The locks are taken in
-- the order in which TRUNCATE takes them.
CREATE FUNCTION repair_user_counts() RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'repair_user_counts needs READ COMMITTED';
    END IF;
    LOCK TABLE users IN ACCESS SHARE MODE;
    PERFORM FROM user_count_totals WHERE NOT is_active AND NOT is_superuser FOR UPDATE;
    UPDATE user_count_totals AS totals
    SET users = totals.users + drift.users
    FROM user_counts_drift AS drift
    WHERE totals.is_active = drift.is_active
        AND totals.is_superuser = drift.is_superuser;
    INSERT INTO user_signups (unit, start, users)
    SELECT
        unit,
        start,
        users
    FROM user_signups_drift
    ON CONFLICT (unit, start) DO UPDATE
    SET users = user_signups.users + excluded.users;
    PERFORM compact_user_counts();
END
$$;

CREATE TRIGGER count_inserted_users
AFTER INSERT ON users
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_users();
CREATE TRIGGER count_updated_user
AFTER UPDATE ON users
FOR EACH ROW
WHEN (
    OLD.is_active IS DISTINCT FROM NEW.is_active
    OR OLD.is_superuser IS DISTINCT FROM NEW.is_superuser
    OR OLD.created_at IS DISTINCT FROM NEW.created_at
)
EXECUTE FUNCTION count_updated_user();
CREATE TRIGGER count_deleted_users
AFTER DELETE ON users
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_users();
CREATE TRIGGER count_truncated_users
AFTER TRUNCATE ON users
FOR EACH STATEMENT EXECUTE FUNCTION count_truncated_users();

REVOKE EXECUTE ON FUNCTION compact_user_counts() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION repair_user_counts() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_inserted_users() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_updated_user() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_deleted_users() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_truncated_users() FROM PUBLIC;

-- Whoever could read the old counts can read the new ones. The release before this one reads the old
-- tables: until it is gone, views with their columns stand in for them.
ALTER TABLE user_counts RENAME TO user_counts_of_0009;
ALTER TABLE user_counts_by_hour RENAME TO user_counts_by_hour_of_0009;
CREATE VIEW user_counts AS
SELECT
    0::bigint AS slot,
    coalesce(sum(users) FILTER (WHERE NOT is_active AND NOT is_superuser), 0)::bigint AS plain_inactive,
    coalesce(sum(users) FILTER (WHERE NOT is_active AND is_superuser), 0)::bigint AS super_inactive,
    coalesce(sum(users) FILTER (WHERE is_active AND NOT is_superuser), 0)::bigint AS plain_active,
    coalesce(sum(users) FILTER (WHERE is_active AND is_superuser), 0)::bigint AS super_active,
    '-infinity'::timestamptz AS minute,
    0 AS created
FROM (
    SELECT
        is_active,
        is_superuser,
        users
    FROM user_count_totals
    UNION ALL
    SELECT
        is_active,
        is_superuser,
        users
    FROM user_count_changes
) AS kept;
CREATE VIEW user_counts_by_hour AS
SELECT
    hour,
    0::bigint AS slot,
    sum(users)::integer AS created,
    ARRAY(
        SELECT coalesce(users, 0)::integer
        FROM pg_catalog.generate_series(hour, hour + INTERVAL '59 minutes', INTERVAL '1 minute') AS minute
        LEFT JOIN user_signups ON unit = 'minute' AND start = minute
        ORDER BY minute
    ) AS by_minute
FROM (
    SELECT
        start AS hour,
        users
    FROM user_signups
    WHERE unit = 'hour'
    UNION ALL
    SELECT
        date_trunc('hour', created_at, 'UTC'),
        users
    FROM user_count_changes
) AS hours
GROUP BY hour;
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN
        SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
        FROM pg_class
        CROSS JOIN aclexplode(relacl)
        WHERE pg_class.oid = 'user_counts_of_0009'::regclass
            AND privilege_type = 'SELECT'
            AND grantee <> relowner
    LOOP
        EXECUTE 'GRANT SELECT ON user_count_totals, user_count_changes, user_signups, user_counts, '
            'user_counts_by_hour TO ' || reader;
        IF reader <> 'PUBLIC' THEN
            EXECUTE 'GRANT EXECUTE ON FUNCTION compact_user_counts() TO ' || reader;
        END IF;
    END LOOP;
END
$$;
DROP TABLE user_counts_of_0009;
DROP TABLE user_counts_by_hour_of_0009;
