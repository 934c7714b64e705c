//! Which database a deployment uses, and how its parts reach it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::platform::config::{Config, DatabaseConfig};

use crate::{
    environment::variables,
    template::{DATABASE_SECRET, Deployment, JWT_MODE, NEW_DATABASE, document, entries},
};

const OTHER_SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf";

/// What a deployment on a database says whose user and password RDS manages.
const MANAGED_SECRET: [(&str, &str); 4] = [
    ("DatabaseHost", "proxy.internal"),
    ("DatabaseMigrationHost", "accounts.cluster-c1a2b3.internal"),
    ("DatabasePort", "6432"),
    ("DatabaseName", "accounts"),
];

#[test]
fn another_database_makes_the_schema_an_update() {
    let schemas: Vec<_> = [
        vec![("DatabaseSecretArn", DATABASE_SECRET)],
        vec![("DatabaseSecretArn", OTHER_SECRET)],
        [
            &[("DatabaseSecretArn", DATABASE_SECRET)],
            &MANAGED_SECRET[..],
        ]
        .concat(),
        vec![
            ("DatabaseSecretArn", DATABASE_SECRET),
            ("DatabaseName", "other"),
        ],
        NEW_DATABASE.to_vec(),
    ]
    .into_iter()
    .map(|parameters| Deployment::with(parameters).resource("Schema").to_string())
    .collect();
    let different: BTreeSet<_> = schemas.iter().collect();
    assert_eq!(different.len(), schemas.len(), "{schemas:#?}");
}

/// A version would keep the variables, and so the database, of the time when it was published.
#[test]
fn the_clean_up_and_the_schema_run_what_is_deployed_now() {
    let deployment = Deployment::with(JWT_MODE);
    let target = &deployment.resource("CleanUp")["Targets"][0]["Arn"];
    assert_eq!(target, "MigrateFunction.Arn");
    assert_eq!(
        deployment.resource("Schema")["ServiceToken"],
        "MigrateFunction.Arn"
    );
    let permission = deployment.resource("CleanUpPermission");
    assert_eq!(permission["FunctionName"], "MigrateFunction");
    assert_eq!(permission["SourceArn"], "CleanUp.Arn");
}

#[test]
fn where_rds_manages_the_secret_the_parameters_say_the_rest_of_the_address() {
    let deployment = Deployment::with(JWT_MODE.into_iter().chain(MANAGED_SECRET));
    for function in deployment.functions() {
        let variables = variables(&function);
        let config = if function.name == "migrate" {
            DatabaseConfig::for_migrations(&variables).unwrap()
        } else {
            Config::from_variables(&variables).unwrap().database
        };
        let host = if function.name == "migrate" {
            "accounts.cluster-c1a2b3.internal"
        } else {
            "proxy.internal"
        };
        assert_eq!(config.address.host.as_deref(), Some(host));
        assert_eq!(config.address.port, Some(6432), "{}", function.name);
        assert_eq!(config.address.name.as_deref(), Some("accounts"));
    }
}

#[test]
fn a_rule_refuses_a_host_for_migrations_alone() {
    let document = document();
    let rule = entries(&document["Rules"])
        .map(|(_, rule)| rule)
        .find(|rule| {
            rule["RuleCondition"]
                .to_string()
                .contains("DatabaseMigrationHost")
        })
        .unwrap();
    assert_eq!(
        rule["Assertions"][0]["Assert"],
        json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": "DatabaseHost" }, ""] }] })
    );
    assert_ne!(rule["Assertions"][0]["AssertDescription"], Value::Null);
}
