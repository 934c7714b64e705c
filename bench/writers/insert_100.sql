\set key random(1, 9000000000000000000)
INSERT INTO users (email, username, full_name, is_active, is_superuser)
SELECT name || '@example.com', name, 'Someone New', TRUE, FALSE
FROM generate_series(1, 100) AS n, md5((:key::bigint + n)::text) AS name;
