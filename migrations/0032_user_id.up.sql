-- What a users id is. Statements name this type, so that they are the same for a table with other ids.
CREATE DOMAIN user_id AS bigint;
