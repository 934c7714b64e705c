WITH
matches AS MATERIALIZED (
    SELECT
        key,
        id
    FROM
        (
            SELECT
                key,
                id,
                is_match
            FROM
                (
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($1 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($2 COLLATE "C", $3::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $4
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($5 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($6 COLLATE "C", $7::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $8
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($9 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($10 COLLATE "C", $11::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $12
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($13 COLLATE "und-x-icu") COLLATE "C"
                                )
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($14 COLLATE "C", $15::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $16
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $17 OFFSET $18
        ) AS examined
    WHERE
        is_match
    ORDER BY
        key ASC,
        id ASC
    LIMIT
        $19
),
place AS (
    (
        SELECT
            key,
            id,
            'match' AS role
        FROM
            matches
        ORDER BY
            key ASC,
            id ASC OFFSET $20
    )
    UNION ALL
    SELECT
        key,
        id,
        'first'
    FROM
        (
            SELECT
                key,
                id
            FROM
                (
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($21 COLLATE "C", $22::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $23
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($24 COLLATE "C", $25::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $26
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($27 COLLATE "C", $28::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $29
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($30 COLLATE "C", $31::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $32
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $33 OFFSET $34
        ) AS beginning
    UNION ALL
    SELECT
        key,
        id,
        'last'
    FROM
        (
            SELECT
                key,
                id
            FROM
                (
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($35 COLLATE "C", $36::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $37
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($38 COLLATE "C", $39::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $40
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($41 COLLATE "C", $42::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $43
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($44 COLLATE "C", $45::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $46
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $47 OFFSET $48
        ) AS ending
    WHERE
        (
            SELECT
                count(*)
            FROM
                matches
        ) < $49
)
SELECT
    users.id::user_id AS id,
    nullif(users.email::text, '') AS email,
    nullif(users.username::text, '') AS username,
    users.full_name::text AS full_name,
    users.is_active,
    users.is_superuser,
    CASE
        WHEN users.created_at > '-infinity' THEN least(
            greatest(users.created_at, '0001-01-01T00:00:00Z'),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS created_at,
    CASE
        WHEN coalesce(users.updated_at, users.created_at) > '-infinity' THEN least(
            greatest(
                coalesce(users.updated_at, users.created_at),
                '0001-01-01T00:00:00Z'
            ),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS updated_at,
    place.key AS text_key,
    place.role,
    (
        SELECT
            count(*)
        FROM
            matches
    ) AS matches,
    (
        SELECT
            (
                (
                    SELECT
                        coalesce(sum(users), 0)
                    FROM
                        user_count_totals
                    WHERE
                        TRUE
                ) + (
                    SELECT
                        coalesce(sum(users), 0)
                    FROM
                        user_count_changes
                    WHERE
                        TRUE
                )
            )::bigint
    ) AS listed
FROM
    place
    JOIN users ON users.id = place.id
ORDER BY
    place.key ASC,
    place.id ASC;
