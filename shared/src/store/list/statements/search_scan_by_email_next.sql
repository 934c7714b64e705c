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
                CASE
                    WHEN octet_length(username::text) = char_length(username::text) THEN lower(username::text COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(username::text, NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END || E'\x01' || CASE
                    WHEN octet_length(email::text) = char_length(email::text) THEN lower(email::text COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(email::text, NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END || E'\x01' || CASE
                    WHEN octet_length(coalesce(full_name::text, '')) = char_length(coalesce(full_name::text, '')) THEN lower(coalesce(full_name::text, '') COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(coalesce(full_name::text, ''), NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END AS folded_text
            FROM
                (
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($1 COLLATE "C", $2::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $3
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($4 COLLATE "C", $5::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $6
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($7 COLLATE "C", $8::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $9
                    )
                    UNION ALL
                    (
                        SELECT
                            lower(email COLLATE "und-x-icu") COLLATE "C" AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($10 COLLATE "C", $11::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $12
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $13
        ) AS examined
    WHERE
        strpos(folded_text, $14) > 0
        AND folded_text ~ $15
    ORDER BY
        key ASC,
        id ASC
    LIMIT
        $16
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
            id ASC OFFSET $17
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($18 COLLATE "C", $19::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $20
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
                            is_active = FALSE
                            AND is_superuser = TRUE
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
                            AND is_superuser = FALSE
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($27 COLLATE "C", $28::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $29
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $30
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($31 COLLATE "C", $32::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $33
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($34 COLLATE "C", $35::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $36
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($37 COLLATE "C", $38::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $39
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($40 COLLATE "C", $41::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $42
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $43 OFFSET $44
        ) AS ending
    WHERE
        (
            SELECT
                count(*)
            FROM
                matches
        ) < $45
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
