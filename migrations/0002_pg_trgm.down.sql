-- The extension stays: others may use it by now, and on its own it does nothing.
SELECT 1;
