-- 0021 for the table of another application: counts are kept in a schema of rollcall's own, by triggers
-- on the table. See 0021 for the design. {table} is the table, and {user_row} selects created_at, is_active
-- and is_superuser as the view users does.
SET LOCAL lock_timeout = '1s';
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
SELECT set_config('search_path', 'rollcall, pg_temp', TRUE);

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
VALUES
    (FALSE, FALSE, 0),
    (FALSE, TRUE, 0),
    (TRUE, FALSE, 0),
    (TRUE, TRUE, 0);

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

-- For each row, and only where something changes that is counted: other updates call nothing.
CREATE FUNCTION count_updated_user() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_RELID <> {table_name}::regclass::oid THEN
        RAISE EXCEPTION 'count_updated_user() is for triggers on one table alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    SELECT
        created_at,
        is_active,
        is_superuser,
        -1
    FROM (SELECT {user_row} FROM (SELECT (OLD).*) AS row {where}) AS removed
    UNION ALL
    SELECT
        created_at,
        is_active,
        is_superuser,
        1
    FROM (SELECT {user_row} FROM (SELECT (NEW).*) AS row {where}) AS added;
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
    IF TG_RELID <> {table_name}::regclass::oid THEN
        RAISE EXCEPTION 'count_truncated_users() is for triggers on one table alone';
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
    LOCK TABLE {table} IN ACCESS SHARE MODE;
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

CREATE TRIGGER rollcall_count_inserted_users
AFTER INSERT ON {table}
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_users();
CREATE TRIGGER rollcall_count_updated_user
AFTER UPDATE ON {table}
FOR EACH ROW
WHEN (
    {is_count_changed}
)
EXECUTE FUNCTION count_updated_user();
CREATE TRIGGER rollcall_count_deleted_users
AFTER DELETE ON {table}
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_users();
CREATE TRIGGER rollcall_count_truncated_users
AFTER TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION count_truncated_users();

REVOKE EXECUTE ON FUNCTION compact_user_counts() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION repair_user_counts() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_inserted_users() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_updated_user() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_deleted_users() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION count_truncated_users() FROM PUBLIC;
