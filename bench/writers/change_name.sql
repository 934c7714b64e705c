\set id random(1, :users)
\set key random(1, 9000000000000000000)
UPDATE users SET full_name = to_hex(:key::bigint), updated_at = now() WHERE id = :id;
