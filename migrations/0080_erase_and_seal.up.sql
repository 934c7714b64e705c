-- What people can be erased from, and what shows that nobody else has changed it.
--
-- Seals cover the hash of an entry, and the hashes of its personal values instead of the values. Each has a
-- salt beside it, so that nobody can guess the values when they and the salt are gone: what is left is the hash.
SET LOCAL lock_timeout = '1s';
ALTER TABLE user_audit
    ADD COLUMN salt uuid,
    ADD COLUMN values_hash bytea,
    ADD COLUMN address_salt uuid,
    ADD COLUMN address_hash bytea;
-- Entries that are there get theirs when they are sealed.
ALTER TABLE user_audit
    ALTER COLUMN salt SET DEFAULT gen_random_uuid(),
    ALTER COLUMN address_salt SET DEFAULT gen_random_uuid();

-- The entries of one month whose transactions ended before end_transaction and are in no earlier seal, in the
-- order of the log. entry_ids and entry_hashes are NULL when the month was dropped. A dump that was restored on
-- another server has shift added to its numbers of transactions before they are compared.
CREATE TABLE user_audit_seals (
    number bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    month text NOT NULL,
    end_transaction bigint NOT NULL,
    shift bigint NOT NULL DEFAULT 0,
    entry_ids bigint[],
    entry_hashes bytea[],
    digest bytea NOT NULL,
    hash bytea NOT NULL
);

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', TRUE);

-- The one way in which the role of the API changes the log: it takes the values of a person who is not a user
-- any more, and says who did so. Names are written out: whoever may create functions could have ones that fit better.
CREATE FUNCTION erase_user_from_log(erased user_id, actor user_id, address inet, request text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    entries bigint;
    addresses bigint;
BEGIN
    IF erased IS NULL OR EXISTS (SELECT FROM users WHERE users.id OPERATOR(pg_catalog.=) erased) THEN
        RAISE EXCEPTION 'a user cannot be erased from the log';
    END IF;
    INSERT INTO user_audit (action, actor_kind, actor_id, target_id, source_address, request_id)
    VALUES ('user.erase', 'user', actor, erased, address, request);
    UPDATE user_audit
    SET
        values_hash = pg_catalog.sha256(pg_catalog.convert_to(
            pg_catalog.jsonb_build_array(coalesce(salt, pg_catalog.gen_random_uuid()), before, after)::text,
            'UTF8'
        )),
        salt = NULL,
        before = NULL,
        after = NULL
    WHERE target_id OPERATOR(pg_catalog.=) erased
        AND (before IS NOT NULL OR after IS NOT NULL);
    GET DIAGNOSTICS entries = ROW_COUNT;
    UPDATE user_audit
    SET
        address_hash = pg_catalog.sha256(pg_catalog.convert_to(
            pg_catalog.jsonb_build_array(
                coalesce(address_salt, pg_catalog.gen_random_uuid()),
                source_address::text
            )::text,
            'UTF8'
        )),
        address_salt = NULL,
        source_address = NULL
    WHERE actor_id OPERATOR(pg_catalog.=) erased
        AND NOT is_row
        AND source_address IS NOT NULL;
    GET DIAGNOSTICS addresses = ROW_COUNT;
    RETURN entries OPERATOR(pg_catalog.+) addresses;
END
$$;
REVOKE EXECUTE ON FUNCTION erase_user_from_log(user_id, user_id, inet, text) FROM PUBLIC;

-- Whoever stores answers under Idempotency-Keys is the role of the API.
DO $$
DECLARE
    writer text;
BEGIN
    FOR writer IN
        SELECT quote_ident(pg_get_userbyid(grantee))
        FROM pg_class
        CROSS JOIN aclexplode(relacl)
        WHERE pg_class.oid = 'idempotency_keys'::regclass
            AND privilege_type = 'INSERT'
            AND grantee NOT IN (0, relowner)
    LOOP
        EXECUTE 'GRANT EXECUTE ON FUNCTION erase_user_from_log(user_id, user_id, inet, text) TO ' || writer;
    END LOOP;
END
$$;
