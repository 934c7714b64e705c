-- Statistics do no harm.
SELECT 1;
