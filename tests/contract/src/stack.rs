//! The whole API behind real HTTP: every function, a database with users, and a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::ensure;
use rig::{
    CONSOLE, CONSOLE_PATHS, Function, GatewayServer, SigningKey, TestDatabase, UserFixture, token,
};
use serde_json::json;

/// What tokens are signed with: long enough for HS256.
pub const SECRET: &str = "the-signing-secret-of-these-tests-0123456789";

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
        let token = SigningKey::hs256(SECRET).token(ADMIN)?;
        Self::over(database, "", token, instances).await
    }

    /// Starts them over the table of another application, with a token of one of its users.
    pub async fn adopting(table: &str, mapping: &str, user: &str) -> anyhow::Result<Self> {
        let database = TestDatabase::create_empty().await?;
        sqlx::raw_sql(table).execute(database.pool()).await?;
        let migrate = Function::builder("migrate")
            .env("DATABASE_URL", database.url())
            .env("USERS_TABLE", mapping)
            .start()
            .await?;
        let migrated = migrate
            .invoke(json!({ "command": "up" }))
            .await
            .into_response();
        ensure!(migrated["pending"] == json!([]), "{migrated}");
        let mut claims = token::claims(ADMIN);
        claims["sub"] = user.into();
        let token = SigningKey::hs256(SECRET).sign(&claims)?;
        Self::over(database, mapping, token, 1).await
    }

    async fn over(
        database: TestDatabase,
        mapping: &str,
        token: String,
        instances: u32,
    ) -> anyhow::Result<Self> {
        let key = SigningKey::hs256(SECRET);
        let routes = rig::routes()?;
        let names = routes.iter().map(|route| route.function.as_str());
        let names: BTreeSet<_> = names.chain([CONSOLE]).collect();
        let mut functions = BTreeMap::new();
        for name in names {
            let function = Function::builder(name)
                .env("DATABASE_URL", database.url())
                .env("USERS_TABLE", mapping)
                .env("JWT_KEY", key.verification_key())
                .instances(instances)
                .start()
                .await?;
            functions.insert(name.to_owned(), Arc::new(function));
        }
        let gateway = serve(&functions).await?;
        Ok(Self {
            gateway,
            token,
            key,
            database,
            functions,
        })
    }

    /// The same API with another console.
    pub async fn with_console(&self, console: Function) -> anyhow::Result<GatewayServer> {
        let mut functions = self.functions.clone();
        functions.insert(CONSOLE.to_owned(), Arc::new(console));
        serve(&functions).await
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

async fn serve(functions: &BTreeMap<String, Arc<Function>>) -> anyhow::Result<GatewayServer> {
    let routes = rig::routes()?;
    let paths = routes
        .iter()
        .map(|route| (route.path.as_str(), route.function.as_str()));
    let paths = paths.chain(CONSOLE_PATHS.map(|path| (path, CONSOLE)));
    GatewayServer::start(
        paths.map(|(path, function)| (path, Arc::clone(&functions[function]))),
        Arc::clone(&functions[CONSOLE]),
    )
    .await
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
