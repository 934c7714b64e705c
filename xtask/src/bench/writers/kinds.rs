//! What the sessions do.

use anyhow::Result;
use fastrand::Rng;
use sqlx::{Connection as _, PgConnection};

/// The kinds of transactions that are measured.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    InsertOne,
    ChangeFlag,
    ChangeName,
    InsertAndChangeFlag,
    InsertMany,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::InsertOne,
        Self::ChangeFlag,
        Self::ChangeName,
        Self::InsertAndChangeFlag,
        Self::InsertMany,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InsertOne => "insert one user",
            Self::ChangeFlag => "change a flag",
            Self::ChangeName => "change nothing that is counted",
            Self::InsertAndChangeFlag => "insert and change a flag, in one transaction",
            Self::InsertMany => "insert 100 users",
        }
    }

    /// Does one transaction, on a table that had `users` users before.
    pub(super) async fn run(
        self,
        connection: &mut PgConnection,
        random: &mut Rng,
        users: u32,
    ) -> Result<()> {
        let id = i64::from(random.u32(1..=users));
        match self {
            Self::InsertOne => insert(connection, random).await,
            Self::ChangeFlag => change_flag(connection, id).await,
            Self::ChangeName => {
                sqlx::query("UPDATE users SET full_name = $2, updated_at = now() WHERE id = $1")
                    .bind(id)
                    .bind(name(random))
                    .execute(connection)
                    .await?;
                Ok(())
            }
            Self::InsertAndChangeFlag => {
                let mut transaction = connection.begin().await?;
                insert(&mut transaction, random).await?;
                change_flag(&mut transaction, id).await?;
                transaction.commit().await?;
                Ok(())
            }
            Self::InsertMany => {
                let names: Vec<_> = (0..100).map(|_| name(random)).collect();
                sqlx::query(
                    "INSERT INTO users (email, username, full_name, is_active, is_superuser)
                     SELECT name || '@example.com', name, 'Someone New', TRUE, FALSE
                     FROM UNNEST($1::text[]) AS new (name)",
                )
                .bind(names)
                .execute(connection)
                .await?;
                Ok(())
            }
        }
    }
}

fn name(random: &mut Rng) -> String {
    format!("{:016x}", random.u64(..))
}

async fn insert(connection: &mut PgConnection, random: &mut Rng) -> Result<()> {
    let name = name(random);
    sqlx::query(
        "INSERT INTO users (email, username, full_name, is_active, is_superuser)
         VALUES ($1, $2, 'Someone New', TRUE, FALSE)
         RETURNING id",
    )
    .bind(format!("{name}@example.com"))
    .bind(&name)
    .execute(connection)
    .await?;
    Ok(())
}

async fn change_flag(connection: &mut PgConnection, id: i64) -> Result<()> {
    sqlx::query("UPDATE users SET is_active = NOT is_active, updated_at = now() WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
