DROP FUNCTION erase_user_from_log(user_id, user_id, inet, text);
DROP TABLE user_audit_seals;
ALTER TABLE user_audit
    DROP COLUMN salt,
    DROP COLUMN values_hash,
    DROP COLUMN address_salt,
    DROP COLUMN address_hash;
