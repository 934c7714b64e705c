//! Ways to bring users into the table.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use shared::platform::database::{Query as _, TransactionOutcome};
use shared::platform::error::Error;
use shared::platform::http::response::Answer;
use shared::store::bulk::{self, ImportRow, ImportedUser, OnConflict};
use sqlx::{Connection as _, PgConnection};

use crate::people::People;

const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc";

/// People that nobody has seen before, as rows of an import.
pub(in crate::bench) struct Newcomers {
    people: People,
}

impl Newcomers {
    /// Those who come after that many.
    pub(in crate::bench) fn after(inhabitants: u32) -> Self {
        Self {
            people: People::from(u64::from(inhabitants)),
        }
    }

    /// The next ones.
    pub(in crate::bench) fn next(&mut self, count: usize) -> Vec<ImportRow> {
        let people = self.people.by_ref().take(count);
        let rows = people.map(|person| ImportRow {
            email: person.email,
            username: person.username,
            full_name: person.full_name,
            password_hash: Some(HASH.to_owned()),
            is_active: Some(true),
            is_superuser: Some(false),
            created_at: None,
        });
        rows.collect()
    }
}

/// A way that needs nothing but a connection.
#[derive(Clone, Copy)]
pub(in crate::bench) enum Way {
    /// The fastest that the server has; it tells neither ids nor conflicts.
    Copy,
    /// One INSERT per row in one transaction, as an object-relational mapper does it.
    RowByRow,
    /// The import's own statement.
    Import,
}

impl Way {
    /// How long the transaction takes, from its beginning to its commit.
    pub(in crate::bench) async fn time(
        self,
        connection: &mut PgConnection,
        rows: &[ImportRow],
    ) -> Result<Duration> {
        let started = Instant::now();
        let mut transaction = connection.begin().await?;
        match self {
            Self::Copy => copy(&mut transaction, rows).await?,
            Self::RowByRow => row_by_row(&mut transaction, rows).await?,
            Self::Import => import(&mut transaction, rows).await?,
        }
        transaction.commit().await?;
        Ok(started.elapsed())
    }
}

async fn copy(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    let statement =
        "COPY users (email, username, full_name, password_hash, is_active, is_superuser)
                     FROM STDIN";
    let mut text = String::new();
    for row in rows {
        for value in [
            row.email.as_str(),
            row.username.as_str(),
            row.full_name.as_deref().unwrap_or("\\N"),
            row.password_hash.as_deref().unwrap_or("\\N"),
        ] {
            text.push_str(value);
            text.push('\t');
        }
        text.push_str("t\tf\n");
    }
    let mut stream = connection.copy_in_raw(statement).await?;
    stream.send(text.into_bytes()).await?;
    stream.finish().await?;
    Ok(())
}

async fn row_by_row(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    for row in rows {
        sqlx::query(
            "INSERT INTO users (
                 email, username, full_name, password_hash, is_active, is_superuser
             )
             VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING id, created_at, updated_at",
        )
        .bind(&row.email)
        .bind(&row.username)
        .bind(&row.full_name)
        .bind(&row.password_hash)
        .bind(row.is_active)
        .bind(row.is_superuser)
        .fetch_one(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn import(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    let import = bulk::Import {
        rows,
        on_conflict: OnConflict::Fail,
        is_dry_run: false,
        keyed: None,
        write_answer: &no_answer,
    };
    match import.run(connection).await? {
        TransactionOutcome::Commit(_) => Ok(()),
        TransactionOutcome::RollBack(_) | TransactionOutcome::TryAgain => {
            bail!("an import was refused")
        }
    }
}

fn no_answer(_: &[ImportedUser]) -> Result<Answer, Error> {
    Ok(Answer {
        status: 201_u16
            .try_into()
            .map_err(|error| Error::internal("answering", error))?,
        body: String::new(),
    })
}
