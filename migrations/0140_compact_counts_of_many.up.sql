-- The more changes a statement inserts, the more likely it adds up all that there are, so that readers never
-- have many to add. Users who keep the times of their creation, such as those of an import, are as many
-- changes as there are minutes.
SET LOCAL lock_timeout = '1s';
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', TRUE);

-- The first few are inserted as they are, because adding up costs more than inserting a row or two. The
-- microseconds of the clock stand for chance: random() would disturb whoever has set its seed.
CREATE OR REPLACE FUNCTION count_inserted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    counted bigint;
    grouped bigint := 0;
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
        GET DIAGNOSTICS grouped = ROW_COUNT;
    END IF;
    IF (date_part('microseconds', clock_timestamp())::integer & 511) <= grouped / 16 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_deleted_users() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    grouped bigint;
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
    GET DIAGNOSTICS grouped = ROW_COUNT;
    IF (date_part('microseconds', clock_timestamp())::integer & 511) <= grouped / 16 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;

-- What earlier statements left.
SELECT compact_user_counts();
