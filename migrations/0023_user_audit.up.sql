-- Who changed which user, when, and how. Nothing here refers to users, so an entry outlives its user and its
-- actor.
--
-- Each month has a partition, so that old entries go without a scan; the hourly clean-up makes and drops
-- them. Entries for which there is none go to the default partition: no change of a user may fail for the
-- lack of one.
--
-- What is done to many users by one transaction has an entry with the numbers, and a row for each of them,
-- which has no address and no request: the entry of the same transaction has them.
--
-- An entry that commits late has a lower id than others that were read before it. Its transaction is higher
-- than all those that had ended then, so a walk in the order of (transaction_id, id) that stops at the oldest
-- transaction in progress skips nothing.
SET LOCAL lock_timeout = '1s';
CREATE TABLE user_audit (
    id bigint GENERATED ALWAYS AS IDENTITY,
    transaction_id bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    refusal text,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'operator')),
    actor_id bigint,
    target_id bigint,
    before jsonb,
    after jsonb,
    source_address inet,
    request_id text,
    is_row boolean NOT NULL DEFAULT FALSE
) PARTITION BY RANGE (occurred_at);
CREATE TABLE user_audit_default PARTITION OF user_audit DEFAULT;
CREATE INDEX ix_user_audit_transaction_id ON user_audit (transaction_id, id);
CREATE INDEX ix_user_audit_target_id ON user_audit (target_id, transaction_id, id);
CREATE INDEX ix_user_audit_actor_id ON user_audit (actor_id, transaction_id, id) WHERE NOT is_row;

-- Whoever stores answers under Idempotency-Keys writes users through the API, and can go on doing so.
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
        EXECUTE 'GRANT SELECT, INSERT ON user_audit TO ' || writer;
    END LOOP;
END
$$;
