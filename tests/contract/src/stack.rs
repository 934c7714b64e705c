//! The whole API behind real HTTP: every function, a database with users, and a token.

use std::sync::Arc;

use rig::{Front, Function, SigningKey, TestDatabase, UserFixture};

/// Long enough for HS256.
const SECRET: &str = "the-signing-secret-of-these-tests-0123456789";

/// The superuser whose token is used.
const ADMIN: i64 = 1;

/// Enough for several pages of every list.
const USERS: i64 = 300;

/// A running API.
pub struct Stack {
    front: Front,
    token: String,
    database: TestDatabase,
    functions: Vec<Arc<Function>>,
}

impl Stack {
    /// Starts every function with so many instances.
    pub async fn start(instances: u32) -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        database.insert(&users()).await?;
        let key = SigningKey::hs256(SECRET);
        let mut functions = Vec::new();
        for name in ["stats", "list-users", "bulk-create", "health"] {
            let function = Function::builder(name)
                .env("DATABASE_URL", database.url())
                .env("JWT_KEY", key.verification_key())
                .instances(instances)
                .start()
                .await?;
            functions.push(Arc::new(function));
        }
        let routes = [
            ("/api/v1/dashboard/stats", &functions[0]),
            ("/api/v1/dashboard/signups", &functions[0]),
            ("/api/v1/users", &functions[1]),
            ("/api/v1/users/bulk", &functions[2]),
        ];
        let front = Front::start(
            routes.map(|(path, function)| (path, Arc::clone(function))),
            Arc::clone(&functions[3]),
        )
        .await?;
        Ok(Self {
            front,
            token: key.token(ADMIN)?,
            database,
            functions,
        })
    }

    /// Where the API listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.front.url()
    }

    /// A token of a superuser.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The database behind it.
    #[must_use]
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// What all functions have logged.
    #[must_use]
    pub fn logs(&self) -> String {
        self.functions
            .iter()
            .map(|function| function.logs())
            .collect()
    }
}

fn users() -> Vec<UserFixture> {
    let admin = UserFixture::new(ADMIN, "admin")
        .superuser()
        .full_name("Ada Admin");
    let others = (ADMIN + 1..=USERS).map(|id| {
        let user = UserFixture::new(id, &format!("user-{id}"));
        match id % 7 {
            0 => user.inactive(),
            1 => user.superuser(),
            2 => user.full_name(&format!("Anna Müller {id}")),
            _ => user,
        }
    });
    std::iter::once(admin).chain(others).collect()
}
