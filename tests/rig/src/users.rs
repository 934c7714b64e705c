//! Users with fixed ids and timestamps, and the JSON that the API shows of them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, QueryBuilder};

/// A row of the users table before it is stored.
#[derive(Debug, Clone)]
pub struct UserFixture {
    id: i64,
    email: String,
    username: String,
    full_name: Option<String>,
    is_active: bool,
    is_superuser: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl UserFixture {
    /// An active, ordinary user, made at the start of the first of January 2026.
    #[must_use]
    pub fn new(id: i64, username: &str) -> Self {
        let start_of_2026 = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            id,
            email: format!("{username}@example.com"),
            username: username.to_owned(),
            full_name: None,
            is_active: true,
            is_superuser: false,
            created_at: start_of_2026,
            updated_at: start_of_2026,
        }
    }

    /// Sets another e-mail address than `<username>@example.com`.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        email.clone_into(&mut self.email);
        self
    }

    /// Sets the full name.
    #[must_use]
    pub fn full_name(mut self, full_name: &str) -> Self {
        self.full_name = Some(full_name.to_owned());
        self
    }

    /// Makes the user a superuser.
    #[must_use]
    pub fn superuser(mut self) -> Self {
        self.is_superuser = true;
        self
    }

    /// Makes the user inactive.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.is_active = false;
        self
    }

    /// Sets the time of creation, and of the last change with it.
    #[must_use]
    pub fn created_at(mut self, time: DateTime<Utc>) -> Self {
        self.created_at = time;
        self.updated_at = time;
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The user as the API shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "email": self.email,
            "username": self.username,
            "full_name": self.full_name,
            "is_active": self.is_active,
            "is_superuser": self.is_superuser,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// Stores the users and moves the id sequence past them.
pub async fn insert(connection: &mut PgConnection, users: &[UserFixture]) -> sqlx::Result<()> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(
        "INSERT INTO users (id, email, username, full_name, password_hash, is_active, is_superuser, \
         created_at, updated_at) OVERRIDING SYSTEM VALUE ",
    );
    query.push_values(users, |mut row, user| {
        row.push_bind(user.id)
            .push_bind(&user.email)
            .push_bind(&user.username)
            .push_bind(&user.full_name)
            .push_bind("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$notARealHash")
            .push_bind(user.is_active)
            .push_bind(user.is_superuser)
            .push_bind(user.created_at)
            .push_bind(user.updated_at);
    });
    query.build().execute(&mut *connection).await?;
    sqlx::query(
        "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))",
    )
    .execute(connection)
    .await?;
    Ok(())
}
