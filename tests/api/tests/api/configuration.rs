use rig::{Function, FunctionBuilder, SigningKey, StartError, secrets, token};

use crate::fixture::{Api, Fixture};
use crate::leaks;

const FUNCTIONS: [&str; 4] = ["stats", "users", "bulk-create", "health"];

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_is_named_at_start() {
    let fixture = Fixture::new().await;
    let base = || fixture.function("stats");
    for (builder, message) in [
        (
            base().without_env("DATABASE_URL"),
            "DATABASE_SECRET_ARN is not set: give the secret's ARN, or DATABASE_URL for local use",
        ),
        (
            base().env("DATABASE_SECRET_ARN", "arn"),
            "DATABASE_URL and DATABASE_SECRET_ARN are both set: unset one of them",
        ),
        (
            base().env("DATABASE_URL", "mysql//app:hunter2@db"),
            "DATABASE_URL must be a URL like postgres://user:password@host:5432/database",
        ),
        (
            base().env("DATABASE_SSL_MODE", "maybe"),
            "DATABASE_SSL_MODE must be one of disable, prefer, require, verify-ca, verify-full, but is \"maybe\"",
        ),
        (
            base().env("DATABASE_POOL_SIZE", "0"),
            "DATABASE_POOL_SIZE must be a whole number from 1 to 100, but is \"0\"",
        ),
        (
            base().without_env("JWT_KEY"),
            "JWT_SECRET_ARN is not set: give the secret's ARN, or JWT_KEY for local use, or AUTH_MODE=gateway",
        ),
        (
            base().env("JWT_SECRET_ARN", "arn"),
            "JWT_KEY and JWT_SECRET_ARN are both set: unset one of them",
        ),
        (
            base().env("JWT_KEY", "hunter2"),
            "JWT_KEY must hold a key of at least 32 bytes for HS256",
        ),
        (
            base().env("JWT_ALGORITHM", "none"),
            "JWT_ALGORITHM must be one of HS256, ES256, RS256, but is \"none\"",
        ),
        (
            base().env("JWT_ALGORITHM", "RS256"),
            "JWT_KEY must hold an RSA public key of 2048 to 8192 bits in PEM for RS256",
        ),
        (
            base().env("AUTH_MODE", "trust"),
            "AUTH_MODE must be one of jwt, gateway, but is \"trust\"",
        ),
        (
            base().env("REQUEST_TIMEOUT_SECONDS", "soon"),
            "REQUEST_TIMEOUT_SECONDS must be a whole number from 1 to 900, but is \"soon\"",
        ),
        (
            base().env("STATS_CACHE_SECONDS", "-1"),
            "STATS_CACHE_SECONDS must be a whole number from 0 to 3600, but is \"-1\"",
        ),
        (
            base().env("BULK_MAX_ROWS", "many"),
            "BULK_MAX_ROWS must be a whole number from 1 to 10000, but is \"many\"",
        ),
    ] {
        let error = start_error(builder).await;
        assert!(
            error.logs.contains(message),
            "{message:?} is not in:\n{}",
            error.logs
        );
        assert!(error.reason.contains("exit status: 1"), "{}", error.reason);
    }
}

#[tokio::test]
async fn a_key_of_the_wrong_kind_is_refused_at_start_and_not_shown() {
    let rsa = SigningKey::rs256().unwrap().verification_key();
    let p256 = SigningKey::es256().unwrap().verification_key();
    let pem_for_hs256 = "holds a key in PEM, which HS256 would take for a shared secret: set \
                         JWT_ALGORITHM to ES256 or RS256, or give a random secret of at least 32 bytes";
    let private = "holds a private key: give the public key, and leave the private one where tokens \
                   are signed";
    let not_p256 = "must hold a public key on the curve P-256 in PEM for ES256";
    let not_rsa = "must hold an RSA public key of 2048 to 8192 bits in PEM for RS256";
    let fixture = Fixture::new().await;
    let cases = [
        ("HS256", rsa.clone(), pem_for_hs256),
        ("HS256", p256.clone(), pem_for_hs256),
        ("HS256", format!("\n \t{rsa}"), pem_for_hs256),
        ("HS256", token::RSA_PRIVATE_KEY.to_owned(), pem_for_hs256),
        ("ES256", rsa.clone(), not_p256),
        ("ES256", token::P384_PUBLIC_KEY.to_owned(), not_p256),
        ("ES256", token::SECP256K1_PUBLIC_KEY.to_owned(), not_p256),
        ("ES256", token::P256_PRIVATE_KEY.to_owned(), private),
        ("ES256", token::RSA_PRIVATE_KEY.to_owned(), private),
        (
            "ES256",
            "0123456789abcdef0123456789abcdef".to_owned(),
            not_p256,
        ),
        ("RS256", p256, not_rsa),
        ("RS256", token::SHORT_RSA_PUBLIC_KEY.to_owned(), not_rsa),
        ("RS256", token::RSA_PRIVATE_KEY.to_owned(), private),
        ("RS256", token::P256_PRIVATE_KEY.to_owned(), private),
    ];
    for (number, (algorithm, key, message)) in cases.into_iter().enumerate() {
        let secret = secrets::create(&fixture.unique(&format!("key-{number}")), &key)
            .await
            .unwrap();
        let base = fixture.function("stats").env("JWT_ALGORITHM", algorithm);
        let in_secret = base
            .clone()
            .without_env("JWT_KEY")
            .envs(secrets::client_environment().unwrap())
            .env("JWT_SECRET_ARN", secret);
        for (builder, variable) in [
            (base.env("JWT_KEY", &key), "JWT_KEY"),
            (in_secret, "JWT_SECRET_ARN"),
        ] {
            let error = start_error(builder).await;
            let message = format!("{variable} {message}");
            assert!(error.logs.contains(&message), "{algorithm}, {key}: {error}");
            let shown = key
                .lines()
                .filter(|line| !line.trim().is_empty() && !line.starts_with("-----"))
                .find(|line| error.logs.contains(*line));
            assert_eq!(shown, None, "{error}");
        }
    }
}

#[tokio::test]
async fn every_function_checks_its_settings_at_start() {
    for name in FUNCTIONS {
        let error = start_error(Function::builder(name)).await;
        assert!(
            error.logs.contains("DATABASE_SECRET_ARN is not set"),
            "{name}: {}",
            error.logs
        );
    }
}

#[tokio::test]
async fn database_and_key_come_from_secrets() {
    let fixture = Fixture::new().await;
    let database = secrets::create(&fixture.unique("database"), &fixture.database_secret())
        .await
        .unwrap();
    let key = fixture.key.verification_key();
    let key = secrets::create(&fixture.unique("key"), &key).await.unwrap();
    let builder = Function::builder("stats")
        .envs(secrets::client_environment().unwrap())
        .env("DATABASE_SECRET_ARN", &database)
        .env("DATABASE_SSL_MODE", "disable")
        .env("JWT_SECRET_ARN", &key);
    let api = Api::start(builder).await;
    let response = api.send(&fixture.get("/api/v1/dashboard/stats")).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn a_public_key_comes_from_a_secret_too() {
    let fixture = Fixture {
        key: SigningKey::es256().unwrap(),
        ..Fixture::new().await
    };
    let key = secrets::create(&fixture.unique("key"), &fixture.key.verification_key())
        .await
        .unwrap();
    let builder = fixture
        .function("stats")
        .without_env("JWT_KEY")
        .envs(secrets::client_environment().unwrap())
        .env("JWT_SECRET_ARN", &key);
    let api = Api::start(builder).await;
    let response = api.send(&fixture.get("/api/v1/dashboard/stats")).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn a_secret_that_does_not_exist_is_a_clear_error_at_start() {
    let fixture = Fixture::new().await;
    let missing = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nothing-abcdef";
    let client = secrets::client_environment().unwrap();
    let without_database = fixture
        .function("stats")
        .without_env("DATABASE_URL")
        .envs(client.clone())
        .env("DATABASE_SECRET_ARN", missing);
    let without_key = fixture
        .function("stats")
        .without_env("JWT_KEY")
        .envs(client)
        .env("JWT_SECRET_ARN", missing);
    for (builder, variable) in [
        (without_database, "DATABASE_SECRET_ARN"),
        (without_key, "JWT_SECRET_ARN"),
    ] {
        let error = start_error(builder).await;
        assert!(
            error
                .logs
                .contains(&format!("{variable}: fetching a secret failed")),
            "{error}"
        );
        assert!(error.logs.contains("ResourceNotFoundException"), "{error}");
    }
}

#[tokio::test]
async fn a_secret_in_another_format_is_a_clear_error_that_does_not_show_it() {
    let fixture = Fixture::new().await;
    for (number, text) in ["hunter2", r#"{"user":"app","password":"hunter2"}"#]
        .iter()
        .enumerate()
    {
        let name = fixture.unique(&format!("broken-{number}"));
        let arn = secrets::create(&name, text).await.unwrap();
        let builder = fixture
            .function("stats")
            .without_env("DATABASE_URL")
            .envs(secrets::client_environment().unwrap())
            .env("DATABASE_SECRET_ARN", &arn);
        let error = start_error(builder).await;
        assert!(
            error
                .logs
                .contains("DATABASE_SECRET_ARN: reading the database secret failed"),
            "{error}"
        );
    }
}

async fn start_error(builder: FunctionBuilder) -> StartError {
    match builder.start().await {
        Ok(_) => panic!("it started"),
        Err(error) => {
            leaks::check_logs(&error.logs);
            error
        }
    }
}
