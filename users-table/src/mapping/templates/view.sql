CREATE VIEW users AS
SELECT
    {view_columns}
FROM {table}
{where};
