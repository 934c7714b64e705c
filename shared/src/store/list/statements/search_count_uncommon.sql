SELECT
    count(*)
FROM
    (
        SELECT
        FROM
            (
                SELECT
                    is_active,
                    is_superuser
                FROM
                    users
                WHERE
                    (
                        (
                            (
                                username::text || email::text || coalesce(full_name::text, '')
                            ) COLLATE "C" ~ '[\u0021-\u002d\u002f-\u002f\u003a-\u003f\u0051-\u0051\u005b-\u0060\u0071-\u0071\u007b-\u007e\u037e-\u037e\u1fef-\u1fef\u2260-\u2260\u226e-\u226f]'
                        )::integer <> 0
                        AND string_to_array(
                            regexp_replace(
                                (
                                    username::text || email::text || coalesce(full_name::text, '')
                                ) COLLATE "C",
                                '[^\u0021-\u002d\u002f-\u002f\u003a-\u003f\u0051-\u0051\u005b-\u0060\u0071-\u0071\u007b-\u007e\u037e-\u037e\u1fef-\u1fef\u2260-\u2260\u226e-\u226f]+',
                                '',
                                'g'
                            ),
                            NULL
                        ) && $1
                    ) OFFSET 0
            ) AS found
        WHERE
            TRUE
        LIMIT
            $2
    ) AS counted;
