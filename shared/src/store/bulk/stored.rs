//! Rows of an import that mean stored users.

use std::collections::{BTreeSet, HashMap};

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use users_table::text_key_of;

use super::{
    conflicts::{ConflictWith, RowConflict, index},
    insert,
    row::{ImportRow, ImportedUser, OnConflict, RowResult, Was},
};
use crate::{
    store::{
        extra::{row_of_view, user_columns},
        mapping::{UserWrites, literal, raw, raw_name},
    },
    users::{User, UserId},
};

/// What became of the rows that were not inserted.
pub(super) enum Merged {
    /// All of them were left or updated, by index.
    All(HashMap<usize, ImportedUser>),
    /// These cannot be.
    Refused(Vec<RowConflict>),
    /// What was in the way of an insert is not there any more, or something new is.
    Retry,
    /// The table does not give back what was inserted.
    Altered,
}

/// A stored user and the row that means it.
#[derive(FromRow)]
struct StoredUser {
    /// Counted from 1 among the rows that were asked for.
    position: i64,
    #[sqlx(flatten)]
    user: User,
}

/// A user who was changed.
#[derive(FromRow)]
struct UpdatedUser {
    #[sqlx(flatten)]
    user: User,
    has_other_password: bool,
}

/// Leaves or updates the stored users that the rows at `old` mean.
pub(super) async fn merge(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    on_conflict: OnConflict,
    old: &[usize],
    inserted: &HashMap<String, User>,
) -> Result<Merged, sqlx::Error> {
    let old_rows: Vec<&ImportRow> = old.iter().map(|&index| rows[index]).collect();
    let is_update = on_conflict == OnConflict::Update;
    let stored = by_email(connection, writes, &old_rows, is_update).await?;
    let owners = username_owners(connection, &old_rows).await?;
    let places = Places {
        rows,
        on_conflict,
        old,
        inserted,
    };
    let matches = match places.check(stored, &owners) {
        Ok(Found::All(matches)) => matches,
        Ok(Found::NotAll(missing)) => {
            // Either it has gone meanwhile, or a unique index of the table's owner was in the way: a plain
            // insert of these rows names it.
            let missing: Vec<_> = missing.iter().map(|&index| rows[index]).collect();
            return Ok(match insert::all(connection, writes, &missing).await? {
                Some(_) => Merged::Retry,
                None => Merged::Altered,
            });
        }
        Err(conflicts) => return Ok(Merged::Refused(conflicts)),
    };
    let mut updated = if is_update {
        update(connection, writes, rows, &matches).await?
    } else {
        HashMap::new()
    };
    let merged = matches.into_iter().map(|(index, user)| {
        let imported = match updated.remove(&user.id) {
            Some(updated) => ImportedUser {
                user: updated.user,
                result: RowResult::Updated,
                was: Some(Was {
                    user,
                    has_other_password: updated.has_other_password,
                }),
            },
            None => ImportedUser {
                user,
                result: RowResult::Skipped,
                was: None,
            },
        };
        (index, imported)
    });
    Ok(Merged::All(merged.collect()))
}

/// The stored users that rows mean.
enum Found {
    /// Of all rows, by index.
    All(HashMap<usize, User>),
    /// Nothing was in the way of these rows when it was looked for.
    NotAll(Vec<usize>),
}

/// Tells what the rows that were not inserted met.
struct Places<'a> {
    rows: &'a [&'a ImportRow],
    on_conflict: OnConflict,
    old: &'a [usize],
    inserted: &'a HashMap<String, User>,
}

impl Places<'_> {
    /// The stored users by row, or why there are none.
    fn check(
        &self,
        stored: Vec<StoredUser>,
        owners: &HashMap<usize, UserId>,
    ) -> Result<Found, Vec<RowConflict>> {
        let new: HashMap<UserId, usize> = self.inserted_rows();
        let mut meant: HashMap<UserId, usize> = HashMap::new();
        let mut matches = HashMap::new();
        let mut conflicts = Vec::new();
        for StoredUser { position, user } in stored {
            let index = self.old[index(position)];
            let earlier = new.get(&user.id).copied().unwrap_or_else(|| {
                *meant
                    .entry(user.id)
                    .and_modify(|first| *first = index.min(*first))
                    .or_insert(index)
            });
            if earlier == index {
                matches.insert(index, user);
            } else {
                conflicts.push(conflict(index, "email", ConflictWith::Row(earlier)));
            }
        }
        let duplicates: BTreeSet<usize> = conflicts.iter().map(|conflict| conflict.index).collect();
        let mut missing = Vec::new();
        for (at, &index) in self.old.iter().enumerate() {
            let own_id = matches.get(&index).map(|user| user.id);
            let is_left_alone = own_id.is_some() && self.on_conflict == OnConflict::Skip;
            if is_left_alone || duplicates.contains(&index) {
                continue;
            }
            match owners.get(&at) {
                Some(owner) if Some(*owner) == own_id => {}
                Some(owner) => {
                    let with = new
                        .get(owner)
                        .map_or(ConflictWith::Stored, |&row| ConflictWith::Row(row));
                    conflicts.push(conflict(index, "username", with));
                }
                None if own_id.is_none() => missing.push(index),
                None => {}
            }
        }
        if !conflicts.is_empty() {
            conflicts.sort_by_key(|conflict| conflict.index);
            return Err(conflicts);
        }
        Ok(if missing.is_empty() {
            Found::All(matches)
        } else {
            Found::NotAll(missing)
        })
    }

    /// The rows of users that this import has just inserted, by id.
    fn inserted_rows(&self) -> HashMap<UserId, usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(index, row)| Some((self.inserted.get(&row.email)?.id, index)))
            .collect()
    }
}

fn conflict(index: usize, field: &'static str, with: ConflictWith) -> RowConflict {
    RowConflict { index, field, with }
}

/// The stored users with the emails of the rows. To be updated, they are locked, in an order in
/// which all imports lock.
async fn by_email(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    is_locked: bool,
) -> Result<Vec<StoredUser>, sqlx::Error> {
    let emails: Vec<_> = rows.iter().map(|row| row.email.as_str()).collect();
    let mut statement = QueryBuilder::<Postgres>::new("SELECT input.position,");
    statement
        .push(user_columns(writes.extra()))
        .push(format_args!(
            " FROM UNNEST($1::text[]) WITH ORDINALITY AS input (email, position)
             JOIN users ON {} = {}
             ORDER BY users.id, input.position",
            text_key_of("users.email"),
            text_key_of("input.email"),
        ));
    if is_locked {
        statement.push(" FOR UPDATE OF users");
    }
    sqlx::query_as(statement.sql())
        .bind(emails)
        .fetch_all(connection)
        .await
}

/// The ids of the stored users who have the usernames of the rows, by place in `rows`.
async fn username_owners(
    connection: &mut PgConnection,
    rows: &[&ImportRow],
) -> Result<HashMap<usize, UserId>, sqlx::Error> {
    let usernames: Vec<_> = rows.iter().map(|row| row.username.as_deref()).collect();
    let owners: Vec<(i64, UserId)> = sqlx::query_as(&format!(
        "SELECT
             input.position,
             users.id::user_id
         FROM UNNEST($1::text[]) WITH ORDINALITY AS input (username, position)
         JOIN users ON {} = {}",
        text_key_of("users.username"),
        text_key_of("input.username"),
    ))
    .bind(usernames)
    .fetch_all(connection)
    .await?;
    Ok(owners
        .into_iter()
        .map(|(position, id)| (index(position), id))
        .collect())
}

/// Gives stored users what their rows say, and returns those that this changed, by id. A user who is
/// all that already is not written again.
async fn update(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    matches: &HashMap<usize, User>,
) -> Result<HashMap<UserId, UpdatedUser>, sqlx::Error> {
    let mut ids = Vec::with_capacity(matches.len());
    let mut emails = Vec::with_capacity(matches.len());
    let mut usernames = Vec::with_capacity(matches.len());
    let mut full_names = Vec::with_capacity(matches.len());
    let mut password_hashes = Vec::with_capacity(matches.len());
    let mut are_active = Vec::with_capacity(matches.len());
    let mut are_superusers = Vec::with_capacity(matches.len());
    let extra = writes.extra();
    let mut extras = Vec::new();
    for (&index, user) in matches {
        let ImportRow {
            email,
            username,
            full_name,
            password_hash,
            is_active,
            is_superuser,
            created_at: _,
            id: _,
            extra: values,
        } = rows[index];
        ids.push(user.id);
        emails.push(email.as_str());
        usernames.push(username.as_deref());
        full_names.push(full_name.as_deref());
        password_hashes.push(password_hash.as_deref());
        are_active.push(*is_active);
        are_superusers.push(*is_superuser);
        if !extra.is_empty() {
            extras.push(row_of_view(values, extra));
        }
    }
    let statement = update_statement(writes);
    let query = sqlx::query_as(&statement)
        .bind(ids)
        .bind(emails)
        .bind(usernames)
        .bind(full_names)
        .bind(password_hashes)
        .bind(are_active)
        .bind(are_superusers);
    let query = if extra.is_empty() {
        query
    } else {
        query.bind(extras)
    };
    let updated: Vec<UpdatedUser> = query.fetch_all(connection).await?;
    Ok(updated
        .into_iter()
        .map(|updated| (updated.user.id, updated))
        .collect())
}

/// The UPDATE of users by rows, which are parameters: an array for each field.
fn update_statement(writes: UserWrites<'_>) -> String {
    let extra = writes.extra();
    let mut written = writes.update(&[
        ("email", "input.email"),
        ("username", "input.username"),
        ("full_name", "coalesce(input.full_name, users.full_name)"),
        (
            "password_hash",
            "coalesce(input.password_hash, users.password_hash)",
        ),
        ("is_active", "coalesce(input.is_active, users.is_active)"),
        (
            "is_superuser",
            "coalesce(input.is_superuser, users.is_superuser)",
        ),
        ("updated_at", "now()"),
    ]);
    let mut is_other = Vec::new();
    for field in extra.iter() {
        let column = raw(field.column);
        let is_said = format!("input.extra ? {}", literal(&raw_name(field.column)));
        let value = format!("CASE WHEN {is_said} THEN extra.{column} ELSE users.{column} END");
        is_other.push(format!(
            " OR ({is_said} AND to_jsonb(extra.{column}) IS DISTINCT FROM to_jsonb(users.{column}))"
        ));
        written.set(column, value);
    }
    let is_other = is_other.concat();
    let [array, name, filled] = if extra.is_empty() {
        ["", "", ""]
    } else {
        [
            ", $8::jsonb[]",
            ", extra",
            "CROSS JOIN LATERAL jsonb_populate_record(NULL::users, input.extra) AS extra",
        ]
    };
    format!(
        "UPDATE users
         SET
             {}
         FROM UNNEST(
             $1::text[],
             $2::text[],
             $3::text[],
             $4::text[],
             $5::text[],
             $6::boolean[],
             $7::boolean[]{array}
         ) AS input (
             id,
             email,
             username,
             full_name,
             password_hash,
             is_active,
             is_superuser{name}
         )
         {filled}
         JOIN users AS stored ON stored.id = input.id::user_id
         WHERE users.id = input.id::user_id
             AND (
                 users.email <> input.email
                 OR users.username <> input.username
                 OR users.full_name IS DISTINCT FROM coalesce(input.full_name, users.full_name)
                 OR users.password_hash
                     IS DISTINCT FROM coalesce(input.password_hash, users.password_hash)
                 OR users.is_active <> coalesce(input.is_active, users.is_active)
                 OR users.is_superuser <> coalesce(input.is_superuser, users.is_superuser)
                 {is_other}
             )
         RETURNING
             stored.password_hash IS DISTINCT FROM users.password_hash AS has_other_password,{}",
        written.assignments(),
        user_columns(extra)
    )
}
