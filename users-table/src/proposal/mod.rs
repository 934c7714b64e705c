//! How a table of another application can be adopted: a proposal that its owner reads, and a mapping.
//!
//! Everything is read in one transaction that cannot write. Rows are looked at in samples of bounded size.

mod dependents;
mod extra;
mod facts;
mod features;
mod fields;
mod flag_words;
mod flags;
mod ids;
mod keys;
mod lookups;
mod names;
mod new_users;
mod passwords;
mod ranking;
mod rows;
mod samples;
mod signals;
mod status;
mod status_words;
mod texts;
mod times;
mod usual_values;
mod vocabulary;

use serde::Serialize;
use sqlx::{Acquire as _, Executor as _, PgConnection};

use self::facts::Relation;
use crate::{catalogue, users_table::UsersMapping};

/// What a database holds that may be a table of users.
#[derive(Debug, Serialize)]
pub struct Survey {
    /// Whether `USERS_TABLE` need not be set, and why there is no proposal; or what is found.
    pub finding: Finding,
    /// The other tables that may hold users, the likeliest first, as SQL takes them.
    pub others: Vec<String>,
    /// What is proposed for the likeliest one.
    pub proposal: Option<Proposal>,
}

/// What kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It has no table at all.
    Empty,
    /// It has tables, and none looks like one of users.
    NoCandidate,
    /// rollcall made the table `users`.
    Own,
    /// A table `users` has all columns of rollcall's own, with the right types.
    OwnShape,
    /// A table is adopted already.
    Adopted,
    /// The table that was asked for does not exist.
    NoSuchTable,
    /// There is a table to adopt.
    Candidate,
}

/// How a table can be adopted.
#[derive(Debug, Serialize)]
pub struct Proposal {
    /// The table, as SQL takes it.
    pub table: String,
    /// How many rows it has, by the server's statistics.
    pub estimated_rows: Option<i64>,
    /// What each field is.
    pub fields: Vec<ProposedField>,
    /// Why users cannot be created, if so.
    pub no_new_users: Vec<String>,
    /// What a new user gets beside the fields.
    pub new_users: Vec<String>,
    /// Why the table cannot be adopted, if so.
    #[serde(rename = "obstacles")]
    pub preflight_errors: Vec<String>,
    /// What its owner should know.
    pub notes: Vec<String>,
    /// SQL that would make more work.
    pub mend: Vec<String>,
    /// Variables of the functions, each with its value and the reason.
    pub settings: Vec<Setting>,
    /// `USERS_TABLE`, where the table can be adopted.
    pub mapping: Option<UsersMapping>,
}

/// What a field of a user is in the table.
#[derive(Debug, Serialize)]
pub struct ProposedField {
    /// Its name in the API.
    pub field: &'static str,
    /// The column or expression.
    pub from: Option<String>,
    /// What can be done with it.
    pub access: Access,
    /// What its owner should know.
    pub notes: Vec<String>,
}

/// What can be done with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is shown, and requests write it.
    Works,
    /// It is shown.
    ReadOnly,
    /// The table does not have it.
    Absent,
}

/// A variable of the functions.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// Its value; an example, where only the owner knows it.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// Looks for tables of users and proposes how the likeliest, or the one that is named, is adopted.
pub async fn survey(
    connection: &mut PgConnection,
    table: Option<&str>,
) -> Result<Survey, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute("SET TRANSACTION READ ONLY").await?;
    let is_adopted =
        catalogue::has_table(&mut transaction, "rollcall.users_before_rollcall").await?;
    let own = catalogue::find_own_shape(&mut transaction).await?;
    // Names of types and functions are written with their schema, and mean the same in every session.
    transaction
        .execute("SET LOCAL search_path = ''; SET LOCAL statement_timeout = '20s'")
        .await?;
    let relations = facts::list_relations(&mut transaction).await?;
    let ranked = ranking::rank(&relations);
    let chosen = match table {
        Some(name) => relations.iter().find(|relation| is_named(relation, name)),
        None => ranked.first().copied().or_else(|| {
            relations
                .iter()
                .find(|relation| ranking::has_name_of_users(relation))
        }),
    };
    let finding = match chosen {
        _ if table.is_some() && chosen.is_none() => Finding::NoSuchTable,
        _ if is_adopted => Finding::Adopted,
        _ if table.is_none() && own.is_some() => {
            if own == Some(true) {
                Finding::Own
            } else {
                Finding::OwnShape
            }
        }
        Some(_) => Finding::Candidate,
        None if relations.is_empty() => Finding::Empty,
        None => Finding::NoCandidate,
    };
    let proposal = match chosen.filter(|_| finding == Finding::Candidate) {
        Some(relation) => Some(fields::propose(&mut transaction, relation).await?),
        None => None,
    };
    transaction.rollback().await?;
    let is_other = |relation: &&&Relation| chosen.is_none_or(|chosen| chosen.oid != relation.oid);
    let others = ranked
        .iter()
        .filter(is_other)
        .map(|relation| relation.sql.clone())
        .collect();
    Ok(Survey {
        finding,
        others,
        proposal,
    })
}

fn is_named(relation: &Relation, name: &str) -> bool {
    let full = format!("{}.{}", relation.schema, relation.name);
    [&full, &relation.sql].iter().any(|known| *known == name)
        || relation.name == name && relation.schema == "public"
}
