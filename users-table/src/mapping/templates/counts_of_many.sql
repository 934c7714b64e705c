-- 0140 for the table of another application, and the part of 0021 that it replaces. {table_name} is the table,
-- and {user_row} selects created_at, is_active and is_superuser as the view users does.
SELECT set_config('search_path', 'rollcall, pg_temp', TRUE);

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
    IF TG_RELID <> {table_name}::regclass::oid THEN
        RAISE EXCEPTION 'count_inserted_users() is for triggers on one table alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    SELECT
        created_at,
        is_active,
        is_superuser,
        1
    FROM (SELECT {user_row} FROM added {where}) AS added
    LIMIT 8;
    GET DIAGNOSTICS counted = ROW_COUNT;
    IF counted = 8::bigint THEN
        INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
        SELECT
            date_trunc('minute', created_at, 'UTC'),
            is_active,
            is_superuser,
            count(*)
        FROM (SELECT {user_row} FROM added {where} OFFSET 8) AS others
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
    IF TG_RELID <> {table_name}::regclass::oid THEN
        RAISE EXCEPTION 'count_deleted_users() is for triggers on one table alone';
    END IF;
    INSERT INTO user_count_changes (created_at, is_active, is_superuser, users)
    SELECT
        date_trunc('minute', created_at, 'UTC'),
        is_active,
        is_superuser,
        -count(*)
    FROM (SELECT {user_row} FROM removed {where}) AS removed
    GROUP BY 1, 2, 3;
    GET DIAGNOSTICS grouped = ROW_COUNT;
    IF (date_part('microseconds', clock_timestamp())::integer & 511) <= grouped / 16 THEN
        PERFORM compact_user_counts();
    END IF;
    RETURN NULL;
END
$$;
