\set id random(1, :users)
\set key random(1, 9000000000000000000)
BEGIN;
INSERT INTO users (email, username, full_name, is_active, is_superuser)
VALUES (to_hex(:key::bigint) || '@example.com', to_hex(:key::bigint), 'Someone New', TRUE, FALSE)
RETURNING id;
UPDATE users SET is_active = NOT is_active, updated_at = now() WHERE id = :id;
COMMIT;
