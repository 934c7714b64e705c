SELECT
    count(*)
FROM
    (
        SELECT
            key,
            id
        FROM
            (
                (
                    SELECT
                        created_at AS key,
                        id
                    FROM
                        users
                    WHERE
                        is_active = TRUE
                        AND is_superuser = FALSE
                        AND created_at >= $1
                        AND created_at < $2
                    ORDER BY
                        created_at DESC,
                        id DESC
                    LIMIT
                        $3
                )
            ) AS ranges
        ORDER BY
            key DESC,
            id DESC
        LIMIT
            $4
    ) AS counted;
