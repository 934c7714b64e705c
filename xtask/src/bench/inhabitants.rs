//! The users whom a table has before anything is measured.

use anyhow::Result;
use sqlx::PgConnection;

use crate::people::People;

/// Adds so many, with the ids from 1 on in a new table: one in ten inactive, one in a thousand a
/// superuser, among them the first, and a minute between any two.
pub(super) async fn add(connection: &mut PgConnection, users: u32) -> Result<()> {
    let (mut emails, mut usernames, mut full_names) = (Vec::new(), Vec::new(), Vec::new());
    for person in People::from(0).take(users as usize) {
        emails.push(person.email);
        usernames.push(person.username);
        full_names.push(person.full_name);
    }
    sqlx::query(
        "INSERT INTO users (email, username, full_name, is_active, is_superuser, created_at)
         SELECT
             email,
             username,
             full_name,
             number % 10 > 0,
             number % 1000 = 1,
             now() - number * INTERVAL '1 minute'
         FROM UNNEST($1::text[], $2::text[], $3::text[])
             WITH ORDINALITY AS new (email, username, full_name, number)
         ORDER BY number",
    )
    .bind(emails)
    .bind(usernames)
    .bind(full_names)
    .execute(connection)
    .await?;
    Ok(())
}
