-- What 0011 counted goes with the tables of 0009.
SELECT 1;
