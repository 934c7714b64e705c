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
                $13 OFFSET $14
        ) AS examined
    WHERE
        strpos(folded_text, $15) > 0
        AND folded_text ~ $16
    ORDER BY
        key ASC,
        id ASC
    LIMIT
        $17
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
            id ASC OFFSET $18
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($19 COLLATE "C", $20::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $21
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($22 COLLATE "C", $23::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $24
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($25 COLLATE "C", $26::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $27
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($28 COLLATE "C", $29::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $30
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $31 OFFSET $32
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($33 COLLATE "C", $34::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $35
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($36 COLLATE "C", $37::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $38
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($39 COLLATE "C", $40::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $41
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
                            AND (lower(email COLLATE "und-x-icu") COLLATE "C", id) > ($42 COLLATE "C", $43::user_id)
                        ORDER BY
                            lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
                            id ASC
                        LIMIT
                            $44
                    )
                ) AS ranges
            ORDER BY
                key ASC,
                id ASC
            LIMIT
                $45 OFFSET $46
        ) AS ending
    WHERE
        (
            SELECT
                count(*)
            FROM
                matches
        ) < $47
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
