//! Which columns identify users.

use sqlx::PgConnection;

use super::{
    facts::{Column, Table},
    names, samples,
    vocabulary::{EMAIL, USERNAME, letters},
};

/// Names of columns that hold the name to log in with in one application, and a number or a key in another.
const AMBIGUOUS: [&str; 4] = ["userid", "loginid", "account", "accountname"];

/// What a machine makes to name a user: a UUID, a number, or letters and digits without end, behind a prefix or not.
const MACHINE_MADE: &str = "value ~ '[0-9]' AND value ~ '^([0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{12,}|([a-z0-9-]+[_|:])?[A-Za-z0-9_-]{16,})$'";

/// Email and username, each the column that identifies users.
pub(super) struct Keys<'t> {
    pub(super) email: Option<&'t Column>,
    pub(super) username: Option<&'t Column>,
}

/// Which columns identify users. A login that looks like an address is the address.
pub(super) async fn find<'t>(
    connection: &mut PgConnection,
    table: &'t Table,
    id: &str,
) -> Result<Keys<'t>, sqlx::Error> {
    let is_right = |column: &Column| column.is_text() && !column.is_reference && column.name != id;
    let is_key = |column: &Column| column.is_text() && column.name == id;
    let email = names::find(table, EMAIL, is_right).or_else(|| names::find(table, EMAIL, is_key));
    let username = username(connection, table, id).await?;
    if email.is_none() && username.is_none() {
        // The users of Nextcloud and of Matrix are named by their key.
        let username = names::find(table, &["uid", "userid", "name"], is_key);
        return Ok(Keys { email, username });
    }
    let (None, Some(login)) = (email, username) else {
        return Ok(Keys { email, username });
    };
    let is_email = are_most(connection, table, login, "value::text LIKE '%_@_%'").await?;
    Ok(if is_email == Some(true) {
        Keys {
            email: Some(login),
            username: None,
        }
    } else {
        Keys { email, username }
    })
}

async fn username<'t>(
    connection: &mut PgConnection,
    table: &'t Table,
    id: &str,
) -> Result<Option<&'t Column>, sqlx::Error> {
    let is_right = |column: &Column| column.is_text() && !column.is_reference && column.name != id;
    let is_unique = |column: &Column| is_right(column) && table.has_unique_index(column);
    let is_key = |column: &Column| column.is_text() && !column.is_reference && column.name == id;
    if let Some(column) = names::find(table, &["username", "login"], is_right) {
        return Ok(Some(column));
    }
    // A name that no two users share is what they log in with, whatever else there is.
    let unique = names::all(table, USERNAME, is_unique);
    let keys = names::all(table, USERNAME, is_key);
    for column in unique.into_iter().chain(keys) {
        let is_ambiguous = AMBIGUOUS.contains(&letters(&column.name).as_str());
        let is_machine_made = if is_ambiguous {
            are_most(connection, table, column, MACHINE_MADE).await?
        } else {
            Some(false)
        };
        if is_machine_made.unwrap_or(column.name == id) {
            continue;
        }
        return Ok(Some(column));
    }
    let is_name = |column: &Column| is_right(column) && letters(&column.name) != "userid";
    let by_name = names::find(table, &["name"], is_unique);
    Ok(by_name.or_else(|| names::find(table, USERNAME, is_name)))
}

/// Whether a condition holds in most values of a sample; `None` where there are none.
async fn are_most(
    connection: &mut PgConnection,
    table: &Table,
    column: &Column,
    condition: &str,
) -> Result<Option<bool>, sqlx::Error> {
    if !table.relation.may_read {
        return Ok(None);
    }
    let sample = &table.relation.sql;
    let (all, right) = samples::count(connection, sample, column, condition).await?;
    Ok((all > 0).then_some(right * 2 > all))
}

/// Why users without an email and a username cannot be adopted, and where they may have one.
pub(super) fn nobody_is_found(table: &Table) -> String {
    let mut columns = table.columns.iter();
    let json = columns.find(|column| column.base_type == "jsonb");
    let advice = json.map_or_else(String::new, |column| {
        format!(
            "; if {} has it, write the mapping by hand, with \"email\": {{\"sql\": \"{} ->> 'email'\"}}",
            column.name, column.name
        )
    });
    format!(
        "{} has neither an email nor a username by which people could be found; it has {}{advice}",
        table.relation.sql,
        table.relation.columns.join(", ")
    )
}
