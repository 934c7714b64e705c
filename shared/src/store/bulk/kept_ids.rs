//! Users that keep the ids of another system.

use sqlx::PgConnection;
use users_table::text_key_of;

use super::{
    conflicts::{ConflictWith, RowConflict, index},
    row::{ImportRow, ImportedUser, RowResult},
};
use crate::users::UserId;

/// The sequence of `users.id`: that of an identity column or of `serial`, or one that the default names.
const SEQUENCE: &str = "coalesce(
    pg_get_serial_sequence('users', 'id')::regclass,
    (
        SELECT pg_class.oid::regclass
        FROM pg_attrdef
        JOIN pg_attribute
            ON pg_attribute.attrelid = pg_attrdef.adrelid
            AND pg_attribute.attnum = pg_attrdef.adnum
        JOIN pg_depend
            ON pg_depend.classid = 'pg_attrdef'::regclass
            AND pg_depend.objid = pg_attrdef.oid
        JOIN pg_class
            ON pg_class.oid = pg_depend.refobjid
            AND pg_class.relkind = 'S'
        WHERE pg_attrdef.adrelid = 'users'::regclass
            AND pg_attribute.attname = 'id'
    )
)";

/// Keeps others from writing users until the transaction ends: otherwise, a number that another transaction
/// takes from the sequence meanwhile could be given out again.
///
/// It says whether the role may move the sequence.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *connection)
        .await?;
    let may = format!("SELECT coalesce(has_sequence_privilege({SEQUENCE}, 'UPDATE'), TRUE)");
    sqlx::query_scalar(&may).fetch_one(connection).await
}

/// The rows whose id an earlier row has, or a stored user with another email. A row whose email is stored means
/// that user, whatever its id.
pub(super) async fn conflicts(
    connection: &mut PgConnection,
    rows: &[&ImportRow],
) -> Result<Vec<RowConflict>, sqlx::Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let emails: Vec<_> = rows.iter().map(|row| row.email.as_str()).collect();
    let found: Vec<(i64, bool, i64)> = sqlx::query_as(&format!(
        "SELECT
             position,
             is_stored,
             first
         FROM (
             SELECT
                 position,
                 EXISTS (SELECT FROM users WHERE users.id = input.id::user_id)
                     AND NOT EXISTS (
                         SELECT FROM users
                         WHERE {} = {}
                     ) AS is_stored,
                 min(position) OVER (PARTITION BY id) AS first
             FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS input (id, email, position)
             WHERE id IS NOT NULL
         ) AS conflicts
         WHERE is_stored
             OR first < position
         ORDER BY position",
        text_key_of("users.email"),
        text_key_of("input.email"),
    ))
    .bind(ids)
    .bind(emails)
    .fetch_all(connection)
    .await?;
    let conflicts = found
        .into_iter()
        .map(|(position, is_stored, first)| RowConflict {
            index: index(position),
            field: "id",
            with: if is_stored {
                ConflictWith::Stored
            } else {
                ConflictWith::Row(index(first))
            },
        });
    Ok(conflicts.collect())
}

/// Moves the sequence of ids past those of the users that were created, so that nobody is given one of them
/// again. A roll-back does not take it back, which leaves a gap.
pub async fn move_sequence(
    connection: &mut PgConnection,
    users: &[ImportedUser],
) -> Result<(), sqlx::Error> {
    let created = users
        .iter()
        .filter(|user| user.result == RowResult::Created);
    let largest: Option<UserId> = created.map(|created| created.user.id).max();
    let statement = format!(
        "SELECT setval(sequence, $1::bigint)
         FROM (SELECT {SEQUENCE} AS sequence) AS found
         WHERE pg_sequence_last_value(sequence) IS NULL
             OR pg_sequence_last_value(sequence) < $1::bigint"
    );
    sqlx::query(&statement)
        .bind(largest)
        .execute(connection)
        .await?;
    Ok(())
}
