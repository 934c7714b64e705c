-- The index of 0008 serves the release before this one. The next deploy drops it.
SELECT 1;
