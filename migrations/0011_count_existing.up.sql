-- Rows from before the triggers. A scan that blocks nobody; see repair_user_counts.
SELECT repair_user_counts();
