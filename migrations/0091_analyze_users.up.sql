-- The planner estimates by samples of indexed expressions how many users a search finds.
ANALYZE users;
