\set key random(1, 9000000000000000000)
INSERT INTO users (email, username, full_name, is_active, is_superuser)
VALUES (to_hex(:key::bigint) || '@example.com', to_hex(:key::bigint), 'Someone New', TRUE, FALSE)
RETURNING id;
