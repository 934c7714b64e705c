-- New users of every day that the table remembers. A scan that blocks nobody; see repair_user_counts.
SELECT repair_user_counts();
