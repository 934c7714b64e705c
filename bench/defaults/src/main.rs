//! The numbers of `stats` with the defaults of every library: what a careful first version looks like.
//!
//! Built and run by `cargo xtask bench cold` alone. It reads the same variables as the functions.

use std::env;
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lambda_http::aws_lambda_events::encodings::Body;
use lambda_http::{Error, Request, Response, run, service_fn, tracing};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use tokio::sync::Mutex;

const REMEMBERED: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct DatabaseSecret {
    username: String,
    password: String,
    host: String,
    port: u16,
    dbname: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

#[derive(Clone, Serialize, sqlx::FromRow)]
struct Numbers {
    total_users: i64,
    active_users: i64,
    inactive_users: i64,
    superusers: i64,
    new_users_today: i64,
    new_users_week: i64,
    timestamp: DateTime<Utc>,
}

struct State {
    pool: PgPool,
    key: DecodingKey,
    cache: Mutex<Option<(Instant, Numbers)>>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let (database, key) = tokio::try_join!(
        fetch(&client, "DATABASE_SECRET_ARN"),
        fetch(&client, "JWT_SECRET_ARN"),
    )?;
    let secret: DatabaseSecret = serde_json::from_str(&database)?;
    let options = PgConnectOptions::new_without_pgpass()
        .host(&secret.host)
        .port(secret.port)
        .username(&secret.username)
        .password(&secret.password)
        .database(&secret.dbname)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(env::var("DATABASE_SSL_ROOT_CERT")?);
    let state = State {
        pool: PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?,
        key: DecodingKey::from_secret(key.as_bytes()),
        cache: Mutex::default(),
    };
    let state = &state;
    run(service_fn(|request: Request| async move {
        answer(state, &request).await
    }))
    .await
}

async fn fetch(client: &Client, variable: &str) -> Result<String, Error> {
    let arn = env::var(variable)?;
    let answer = client.get_secret_value().secret_id(arn).send().await?;
    answer
        .secret_string
        .ok_or_else(|| "the secret holds bytes".into())
}

async fn answer(state: &State, request: &Request) -> Result<Response<Body>, Error> {
    if !is_superuser(state, request).await? {
        return Ok(Response::builder().status(403).body(Body::Empty)?);
    }
    let mut cache = state.cache.lock().await;
    let numbers = match &*cache {
        Some((counted, numbers)) if counted.elapsed() < REMEMBERED => numbers.clone(),
        _ => count(&state.pool).await?,
    };
    if cache
        .as_ref()
        .is_none_or(|(_, cached)| cached.timestamp != numbers.timestamp)
    {
        *cache = Some((Instant::now(), numbers.clone()));
    }
    let response = Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(serde_json::to_string(&numbers)?))?;
    Ok(response)
}

async fn is_superuser(state: &State, request: &Request) -> Result<bool, Error> {
    let token = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or("no token")?;
    let validation = Validation::new(Algorithm::HS256);
    let claims = jsonwebtoken::decode::<Claims>(token, &state.key, &validation)?.claims;
    let id: i64 = claims.sub.parse()?;
    let row: Option<(bool,)> =
        sqlx::query_as("SELECT is_active AND is_superuser FROM users WHERE id = $1")
            .bind(id)
            .fetch_optional(&state.pool)
            .await?;
    Ok(row.is_some_and(|(is_superuser,)| is_superuser))
}

async fn count(pool: &PgPool) -> Result<Numbers, Error> {
    let numbers = sqlx::query_as(
        "SELECT
             count(*) AS total_users,
             count(*) FILTER (WHERE is_active) AS active_users,
             count(*) FILTER (WHERE NOT is_active) AS inactive_users,
             count(*) FILTER (WHERE is_superuser) AS superusers,
             count(*) FILTER (WHERE created_at >= date_trunc('day', now(), 'UTC')) AS new_users_today,
             count(*) FILTER (WHERE created_at >= now() - INTERVAL '168 hours') AS new_users_week,
             now() AS timestamp
         FROM users",
    )
    .fetch_one(pool)
    .await?;
    Ok(numbers)
}
