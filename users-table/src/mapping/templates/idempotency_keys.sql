-- 0020 with the ids that the table has.
CREATE TABLE idempotency_keys (
    caller_id user_id NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (caller_id, route, key)
);
ALTER TABLE idempotency_keys ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at);
