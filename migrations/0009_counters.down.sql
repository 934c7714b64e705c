-- The triggers are gone by now.
DROP FUNCTION repair_user_counts();
DROP FUNCTION compact_user_counts();
DROP VIEW user_counts_drift_by_minute;
DROP VIEW user_counts_drift;
DROP FUNCTION count_truncated_users();
DROP FUNCTION count_updated_users();
DROP FUNCTION count_deleted_users();
DROP FUNCTION count_inserted_users();
DROP FUNCTION user_counts_turn(bigint, timestamptz);
DROP FUNCTION user_counts_add_minute(timestamptz, bigint);
DROP FUNCTION user_counts_add(bigint, bigint, bigint, bigint, bigint);
DROP FUNCTION user_counts_free_slot(integer, integer);
DROP SEQUENCE user_counts_own_slots;
DROP TABLE user_counts_by_hour;
DROP TABLE user_counts;
