//! Variables: what the template sets and what the code reads.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use rig::CONSOLE;
use shared::platform::config::{
    AuthMode, Config, ConfigError, ConsoleConfig, DatabaseConfig, DatabaseSource, JwtKeySource,
    SslMode, Variables,
};

use crate::template::{
    DATABASE_SECRET, Deployment, Function, GATEWAY_MODE, JWT_MODE, JWT_SECRET, NEW_DATABASE,
    document, entries, text, workspace,
};

/// Variables that the code reads and the template leaves alone, and why.
const NOT_SET: [(&str, &str); 15] = [
    ("ARGON2_LANES", "the default is OWASP's"),
    ("ARGON2_MEMORY_KIB", "the default is OWASP's"),
    ("ARGON2_PASSES", "the default is OWASP's"),
    ("AWS_LAMBDA_FUNCTION_NAME", "Lambda sets it"),
    (
        "AWS_LAMBDA_LOG_LEVEL",
        "Lambda sets it to ApplicationLogLevel, and LOG_LEVEL goes first",
    ),
    (
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "Lambda sets it on managed instances",
    ),
    ("AWS_REGION", "Lambda sets it"),
    ("AWS_SESSION_TOKEN", "Lambda sets it"),
    ("CONSOLE_TOKEN", "for `cargo dev`: whoever asks gets it"),
    ("DATABASE_URL", "for local use: it holds a password"),
    ("JWT_KEY", "for local use: it is a secret"),
    (
        "REQUEST_METRICS",
        "they are on unless `cargo dev` turns them off",
    ),
    ("RUST_LOG", "for local use"),
    (
        "VALKEY_SSL_ROOT_CERT",
        "the binary holds the authorities of ElastiCache",
    ),
    (
        "VALKEY_TIMEOUT_MILLISECONDS",
        "the default suits a function",
    ),
];

/// Variables that concern one function only.
const SETTINGS_OF_ONE: [(&str, &str); 13] = [
    ("APP_NAME", "health"),
    ("APPLICATION_SECRET_ARN", "migrate"),
    ("AUDIT_RETENTION_DAYS", "migrate"),
    ("BULK_MAX_PASSWORDS", "bulk-create"),
    ("BULK_MAX_ROWS", "bulk-create"),
    ("CONSOLE_OIDC_CLIENT_ID", CONSOLE),
    ("CONSOLE_OIDC_ISSUER", CONSOLE),
    ("CONSOLE_OIDC_ORIGINS", CONSOLE),
    ("CONSOLE_OIDC_SCOPES", CONSOLE),
    ("EXPORT_PASSWORD_HASHES", "users"),
    ("SEARCH_TIME_MILLISECONDS", "users"),
    ("STATS_CACHE_SECONDS", "stats"),
    ("STATS_STALE_SECONDS", "stats"),
];

/// A function's environment as its code sees it.
pub fn variables(function: &Function) -> Variables {
    let environment = function.environment();
    environment
        .iter()
        .fold(Variables::from([]), |variables, (name, value)| {
            variables.with(name, value)
        })
}

/// What the function's code says about its environment when it starts.
fn start(function: &Function) -> Result<(), ConfigError> {
    let variables = variables(function);
    if function.name == CONSOLE {
        ConsoleConfig::from_variables(&variables).map(drop)
    } else if function.routes().is_empty() {
        DatabaseConfig::for_migrations(&variables).map(drop)
    } else {
        Config::from_variables(&variables).map(drop)
    }
}

fn set_by_the_template() -> BTreeSet<String> {
    let functions = Deployment::with(JWT_MODE).functions();
    let names = functions
        .iter()
        .flat_map(|function| function.environment().into_keys());
    names.collect()
}

fn read_by_the_code() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["shared/src", "functions"] {
        for file in rust_files(&workspace().join(folder)) {
            let source = std::fs::read_to_string(&file).unwrap();
            let in_config = file.starts_with(workspace().join("shared/src/platform/config"));
            names.extend(names_in(&source, in_config));
        }
    }
    names
}

/// The string literals that name variables. Every one in `shared::platform::config` that looks like a name
/// is one; elsewhere only what is passed to a function that reads the environment.
fn names_in(source: &str, in_config: bool) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n").replace("\\\"", "");
    let parts: Vec<_> = code.split('"').collect();
    let literals = parts
        .chunks_exact(2)
        .map(|pair| (pair[0].trim_end(), pair[1]));
    let readers = ["env::var(", "env::var_os(", "variable(", "optional("];
    literals
        .filter(|(before, literal)| {
            let looks_like_one = literal.contains('_')
                && literal
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            looks_like_one && (in_config || readers.iter().any(|reader| before.ends_with(reader)))
        })
        .map(|(_, literal)| literal.to_owned())
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.ends_with("build.rs") {
            // Cargo's own variables.
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_variable_that_the_template_sets_is_read_by_the_code() {
    let read = read_by_the_code();
    let in_vain: Vec<_> = set_by_the_template().difference(&read).cloned().collect();
    assert!(in_vain.is_empty(), "set and never read: {in_vain:?}");
}

#[test]
fn every_variable_that_the_code_reads_is_set_or_left_alone_for_a_reason() {
    let left_alone = NOT_SET.map(|(name, _)| name.to_owned()).into();
    let missing = &read_by_the_code() - &set_by_the_template();
    assert_eq!(
        missing, left_alone,
        "left: read by the code and not set; right: the list NOT_SET"
    );
}

#[test]
fn a_setting_of_one_function_is_set_there_and_nowhere_else() {
    let functions = Deployment::with(JWT_MODE).functions();
    for (variable, only) in SETTINGS_OF_ONE {
        let set_on = functions
            .iter()
            .filter(|function| function.environment().contains_key(variable));
        let set_on: Vec<_> = set_on.map(|function| function.name.as_str()).collect();
        assert_eq!(set_on, [only], "{variable}");
    }
}

#[test]
fn migrate_is_told_about_the_database_its_table_and_the_log_of_changes_alone() {
    let migrate = Deployment::with(JWT_MODE).function("migrate");
    let told: Vec<_> = migrate.environment().into_keys().collect();
    assert_eq!(
        told,
        [
            "APPLICATION_SECRET_ARN",
            "AUDIT_LOG",
            "AUDIT_RETENTION_DAYS",
            "DATABASE_ACQUIRE_TIMEOUT_SECONDS",
            "DATABASE_HOST",
            "DATABASE_NAME",
            "DATABASE_PORT",
            "DATABASE_SECRET_ARN",
            "DATABASE_SSL_MODE",
            "DATABASE_SSL_ROOT_CERT",
            "LOG_LEVEL",
            "USERS_TABLE"
        ]
    );
    let config = DatabaseConfig::for_migrations(&variables(&migrate)).unwrap();
    assert!(matches!(&config.source, DatabaseSource::Secret(arn) if arn == DATABASE_SECRET));
}

#[test]
fn with_a_new_database_the_api_talks_to_the_proxy_and_migrate_to_the_server() {
    let deployment = Deployment::with(NEW_DATABASE);
    for function in deployment
        .functions()
        .into_iter()
        .filter(|function| function.name != CONSOLE)
    {
        let config = DatabaseConfig::for_migrations(&variables(&function)).unwrap();
        let is_migrate = function.name == "migrate";
        let host = if is_migrate {
            "ClusterHost"
        } else {
            "ProxyHost"
        };
        let host = format!("NewDatabaseStack.Outputs.{host}");
        assert_eq!(config.address.host, Some(host), "{}", function.name);
        assert_eq!(config.pooler, !is_migrate, "{}", function.name);
        assert_eq!(config.ssl_mode, Some(SslMode::VerifyFull));
        match &config.source {
            DatabaseSource::Secret(arn) => {
                assert_eq!(arn, "NewDatabaseStack.Outputs.MigrateSecretArn");
                assert!(is_migrate, "{}", function.name);
            }
            DatabaseSource::Iam(user) => assert_eq!(user, "rollcall_app"),
            DatabaseSource::Url(_) => panic!("{}", function.name),
        }
    }
}

#[test]
fn a_cache_is_used_where_one_is_named_or_made_and_only_there() {
    let url = |parameters: &[(&str, &str)]| {
        let parameters = JWT_MODE.into_iter().chain(parameters.iter().copied());
        let deployment = Deployment::with(parameters);
        let told = deployment.api_functions().map(|function| {
            let config = Config::from_variables(&variables(&function)).unwrap();
            config.valkey.map(|valkey| valkey.secret_arn)
        });
        let mut told: Vec<_> = told.collect();
        assert_eq!(told.len(), 4);
        told.dedup();
        assert_eq!(told.len(), 1, "all functions share the cache");
        told.remove(0)
    };
    assert_eq!(url(&[]), None);
    // Left over from another choice.
    assert_eq!(url(&[("CacheUrl", "rediss://cache:6379")]), None);
    let existing = [("Cache", "existing"), ("CacheUrl", "rediss://cache:6379")];
    assert_eq!(url(&existing), Some(None));
    let made = url(&[("Cache", "new"), ("SecurityGroupIds", "sg-1,sg-2")]);
    let secret = "NewCacheStack.Outputs.SecretArn".to_owned();
    assert_eq!(made, Some(Some(secret)));
}

#[test]
fn a_key_is_made_where_none_is_given() {
    let deployment = Deployment::with([("DatabaseSecretArn", DATABASE_SECRET)]);
    for function in deployment.api_functions() {
        assert_eq!(function.environment()["JWT_SECRET_ARN"], "JwtKey");
    }
}

#[test]
fn the_api_takes_the_secrets_that_the_template_names() {
    for function in Deployment::with(JWT_MODE).api_functions() {
        let config = Config::from_variables(&variables(&function)).unwrap();
        assert!(
            matches!(&config.database.source, DatabaseSource::Secret(arn) if arn == DATABASE_SECRET)
        );
        let AuthMode::Jwt(jwt) = config.auth.mode else {
            panic!("{} does not verify tokens", function.name);
        };
        assert!(matches!(&jwt.key, JwtKeySource::Secret(arn) if arn == JWT_SECRET));
        assert_eq!(
            (jwt.issuer, jwt.audience),
            (None, None),
            "an empty parameter is not a value"
        );
    }
    for function in Deployment::with(GATEWAY_MODE).api_functions() {
        let config = Config::from_variables(&variables(&function)).unwrap();
        assert!(
            matches!(config.auth.mode, AuthMode::Gateway),
            "{}",
            function.name
        );
        assert!(
            !function.environment().contains_key("JWT_SECRET_ARN"),
            "{}",
            function.name
        );
    }
}

#[test]
fn the_required_claims_reach_every_function_in_both_modes() {
    for mode in [JWT_MODE.to_vec(), GATEWAY_MODE.to_vec()] {
        let required = |parameters: &[(&str, &str)]| {
            let parameters = mode.iter().chain(parameters).copied();
            let deployment = Deployment::with(parameters);
            let required = deployment.api_functions().map(|function| {
                let config = Config::from_variables(&variables(&function)).unwrap();
                let claims = config.auth.required_claims.into_iter();
                claims
                    .map(|claim| (claim.name, claim.value))
                    .collect::<Vec<_>>()
            });
            let mut required: Vec<_> = required.collect();
            assert_eq!(required.len(), 4);
            required.dedup();
            assert_eq!(required.len(), 1, "all functions require the same");
            required.remove(0)
        };
        assert_eq!(required(&[]), Vec::<(String, String)>::new());
        let two = [("JwtRequiredClaims", "type=access,token_use=access")];
        let expected = [("type", "access"), ("token_use", "access")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(required(&two), expected);
    }
}

/// So that a parameter that a deploy lets through never fails a cold start.
#[test]
fn the_code_accepts_every_value_that_a_parameter_allows() {
    for (parameter, declaration) in entries(&document()["Parameters"]) {
        let ends = [&declaration["MinValue"], &declaration["MaxValue"]];
        let ends = ends.into_iter().filter(|end| !end.is_null());
        let listed = declaration["AllowedValues"]
            .as_array()
            .into_iter()
            .flatten();
        for value in ends.chain(listed).map(text) {
            let parameters = JWT_MODE
                .into_iter()
                .chain([(parameter.as_str(), value.as_str())]);
            for function in Deployment::with(parameters).functions() {
                let started = start(&function);
                assert!(
                    started.is_ok(),
                    "{parameter}={value}, {}: {started:?}",
                    function.name
                );
            }
        }
    }
}
