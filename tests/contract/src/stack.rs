//! The whole API behind real HTTP: every function, a database with users, and a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rig::{CONSOLE, CONSOLE_PATHS, Function, GatewayServer, SigningKey, TestDatabase, UserFixture};

/// Long enough for HS256.
const SECRET: &str = "the-signing-secret-of-these-tests-0123456789";

/// The superuser whose token is used.
const ADMIN: i64 = 1;

/// Enough for several pages of every list.
const USERS: i64 = 300;

/// A running API.
pub struct Stack {
    gateway: GatewayServer,
    token: String,
    key: SigningKey,
    database: TestDatabase,
    functions: BTreeMap<String, Arc<Function>>,
}

impl Stack {
    /// Starts every function with this many instances.
    pub async fn start(instances: u32) -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        database.insert(&users()).await?;
        let key = SigningKey::hs256(SECRET);
        let routes = rig::routes()?;
        let names = routes.iter().map(|route| route.function.as_str());
        let names: BTreeSet<_> = names.chain([CONSOLE]).collect();
        let mut functions = BTreeMap::new();
        for name in names {
            let function = Function::builder(name)
                .env("DATABASE_URL", database.url())
                .env("JWT_KEY", key.verification_key())
                .instances(instances)
                .start()
                .await?;
            functions.insert(name.to_owned(), Arc::new(function));
        }
        let paths = routes
            .iter()
            .map(|route| (route.path.as_str(), route.function.as_str()));
        let paths = paths.chain(CONSOLE_PATHS.map(|path| (path, CONSOLE)));
        let gateway = GatewayServer::start(
            paths.map(|(path, function)| (path, Arc::clone(&functions[function]))),
            Arc::clone(&functions["health"]),
        )
        .await?;
        Ok(Self {
            gateway,
            token: key.token(ADMIN)?,
            key,
            database,
            functions,
        })
    }

    /// Where the API listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// A token of a superuser.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A token of any user.
    pub fn token_of(&self, user: i64) -> anyhow::Result<String> {
        self.key.token(user)
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
            .values()
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
