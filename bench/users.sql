-- Generates users, the same one for the same number: names by Zipf's law, one mail provider for two in five,
-- bursts of sign-ups, one superuser in a thousand. Of the oldest users half are inactive, of the newest one in
-- ten thousand. The oldest, the newest and a middle hundredth came from one company each. The last two in a hundred by username have a
-- harbour in their name.
CREATE FUNCTION pg_temp.generated_users(first bigint, last bigint, span interval, provider text)
RETURNS TABLE (
    email text,
    username text,
    full_name text,
    password_hash text,
    is_active boolean,
    is_superuser boolean,
    created_at timestamptz
)
LANGUAGE sql STABLE AS $$
WITH given (name, rank) AS MATERIALIZED (
    SELECT *
    FROM unnest(string_to_array(
        'james mary john anna robert maria michael linda david laura william susan richard jessica joseph '
        'sarah thomas karen carlos nancy daniel lisa matthew betty anthony sandra mark ashley paul emily '
        'steven donna andrew michelle joshua carol kevin amanda brian melissa george deborah jason sharon '
        'ryan amy jacob nicole emma eric zoe noah marina ethan hannah grace müller andré øystein łukasz '
        'yusuf zelda 名美 花子',
        ' '
    )) WITH ORDINALITY
),
family (name, rank) AS MATERIALIZED (
    SELECT name, row_number() OVER ()
    FROM (
        SELECT unnest(string_to_array(
            'smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez wilson '
            'anderson thomas taylor moore jackson martin lee perez thompson white harris clark lewis robinson '
            'walker young allen king wright torres nguyen hill flores green adams nelson baker groß kowalski',
            ' '
        )) AS name
        UNION ALL
        SELECT beginning || middle || ending
        FROM unnest(ARRAY['ber', 'kar', 'vol', 'tem', 'sil', 'dor', 'fen', 'gar', 'hol', 'jan']) AS beginning
        CROSS JOIN unnest(ARRAY['an', 'el', 'in', 'ov', 'ur', 'as', 'et', 'ik', 'om', 'ul']) AS middle
        CROSS JOIN unnest(ARRAY['son', 'sen', 'ski', 'man', 'berg', 'er', 'ez', 'ini', 'ton']) AS ending
    ) AS names
)
SELECT
    CASE
        WHEN age > 0.99 THEN username || '@oldcorp.example'
        WHEN age < 0.01 THEN username || '@newcorp.example'
        WHEN age BETWEEN 0.5 AND 0.51 THEN username || '@midcorp.example'
        WHEN chance[3] < 0.4 THEN mailbox || '@' || provider
        ELSE mailbox || '@' || family || (number % 997) || '.example'
    END,
    username,
    CASE
        WHEN username LIKE 'zz%' THEN initcap(given || ' ' || family) || ' (Marina Harbour)'
        WHEN chance[4] < 0.9 THEN initcap(given || ' ' || family)
    END,
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$' || md5(number::text) || 'AAAAAAAAAAA',
    chance[5] > 0.0001 + 0.5 * age ^ 8,
    chance[6] < 0.001,
    now() - CASE WHEN number % 100 < 3 THEN date_trunc('day', span * age) ELSE span * age END
FROM (
    SELECT
        drawn.*,
        given.name AS given,
        family.name AS family,
        given.name || '.' || family.name || number AS mailbox,
        CASE
            WHEN chance[7] < 0.02 THEN 'zz' || number
            WHEN chance[7] < 0.12 THEN 'user' || number
            WHEN chance[7] < 0.5 THEN given.name || '.' || family.name || number
            WHEN chance[7] < 0.7 THEN initcap(given.name) || '_' || family.name || number
            WHEN chance[7] < 0.85 THEN given.name || family.name || number
            ELSE family.name || '-' || given.name || number
        END AS username
    FROM (
        SELECT
            number,
            (last - number + 0.5) / (last - first + 1)::float8 AS age,
            ARRAY(
                SELECT (hashint8extended(number, place) & 2147483647) / 2147483648::float8
                FROM generate_series(1, 7) AS place
            ) AS chance
        FROM generate_series(first, last) AS number
        -- Keeps the planner from drawing again for each use.
        OFFSET 0
    ) AS drawn
    JOIN given ON given.rank = 1 + floor(chance[1] ^ 2.5 * (SELECT count(*) FROM given))
    JOIN family ON family.rank = 1 + floor(chance[2] ^ 4 * (SELECT count(*) FROM family))
) AS users
ORDER BY number
$$;
