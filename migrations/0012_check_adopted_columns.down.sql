-- The constraints go with 0001.
SELECT 1;
