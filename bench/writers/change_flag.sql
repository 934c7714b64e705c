\set id random(1, :users)
UPDATE users SET is_active = NOT is_active, updated_at = now() WHERE id = :id;
