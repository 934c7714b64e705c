-- What 0022 counted goes with the tables of 0021.
SELECT 1;
