-- Substring search by index. On RDS and Aurora the extension is trusted: no superuser is needed.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
