DROP DOMAIN user_id;
