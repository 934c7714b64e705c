//! Which database a deployment uses, and how its parts reach it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::platform::config::{Config, DatabaseConfig};

use crate::{
    environment::variables,
    template::{
        DATABASE_SECRET, Deployment, JWT_MODE, NEW_DATABASE, document, entries, read, text,
    },
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
        if function.name == "console" {
            continue;
        }
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

/// A restore is a deploy: the cluster gets another name, and the old one stays.
#[test]
fn another_generation_is_another_cluster_beside_the_old_one() {
    let database = read("templates/database.yaml");
    let cluster = &database["Resources"]["Cluster"];
    assert_eq!(cluster["UpdateReplacePolicy"], "Retain");
    assert_eq!(cluster["DeletionPolicy"], "Snapshot");
    let properties = &cluster["Properties"];
    let name = properties["DBClusterIdentifier"]["Fn::Sub"][0]
        .as_str()
        .unwrap();
    assert!(name.ends_with("-${Generation}"), "{name}");
    // RDS refuses what a restored cluster takes from its source.
    for property in ["DatabaseName", "MasterUsername", "StorageEncrypted"] {
        assert_eq!(properties[property]["Fn::If"][0], "Restores", "{property}");
    }
    let passed = |parameters: &[(&str, &str)]| {
        let parameters = NEW_DATABASE.into_iter().chain(parameters.iter().copied());
        let deployment = Deployment::with(parameters);
        deployment.resource("NewDatabaseStack")["Parameters"].clone()
    };
    let restore = passed(&[
        ("DatabaseGeneration", "2"),
        ("RestoreFromCluster", "rollcall-1"),
        ("RestoreToTime", "2026-11-23T12:00:00Z"),
    ]);
    assert_eq!(restore["Generation"], "2");
    assert_eq!(restore["RestoreFromCluster"], "rollcall-1");
    assert_eq!(restore["RestoreToTime"], "2026-11-23T12:00:00Z");
}

/// Functions that lose their subnets fail every cold start.
#[test]
fn the_network_outlives_the_database_and_the_stack() {
    let document = document();
    let network = &document["Resources"]["NetworkStack"];
    assert_eq!(network["DeletionPolicy"], "Retain");
    assert_eq!(network["UpdateReplacePolicy"], "Retain");
    let kinds = |path: &str| {
        let template = read(path);
        let resources = entries(&template["Resources"]);
        let kinds: BTreeSet<_> = resources
            .map(|(_, resource)| text(&resource["Type"]))
            .collect();
        kinds
    };
    let database = kinds("templates/database.yaml");
    assert!(
        database.iter().all(|kind| !kind.starts_with("AWS::EC2::")),
        "{database:?}"
    );
    assert!(kinds("templates/network.yaml").contains("AWS::EC2::VPC"));
}

/// The log group is there before the cluster writes to it, or RDS would make one without an end.
#[test]
fn the_log_of_a_new_database_ends() {
    let database = read("templates/database.yaml");
    let logs = &database["Resources"]["ClusterLogs"]["Properties"];
    assert_eq!(logs["RetentionInDays"]["Ref"], "LogRetentionDays");
    let cluster = &database["Resources"]["Cluster"];
    assert_eq!(cluster["DependsOn"], "ClusterLogs");
    let identifier = &cluster["Properties"]["DBClusterIdentifier"]["Fn::Sub"];
    let group = format!("/aws/rds/cluster/{}/postgresql", text(&identifier[0]));
    assert_eq!(
        logs["LogGroupName"]["Fn::Sub"],
        json!([group, identifier[1]])
    );
}

#[test]
fn a_database_may_sleep_where_nothing_keeps_it_awake() {
    let sleeping = [
        ("DatabaseMinCapacity", "0"),
        ("DatabaseProxy", "false"),
        ("Probe", "false"),
    ];
    let deployment = Deployment::with(NEW_DATABASE.into_iter().chain(sleeping));
    assert_eq!(
        deployment.resource("CleanUp")["ScheduleExpression"],
        "rate(1 day)"
    );
    for function in deployment.api_functions() {
        let config = Config::from_variables(&variables(&function)).unwrap();
        assert!(!config.database.pooler, "{}", function.name);
        let acquire = config.database.acquire_timeout;
        assert!(acquire.as_secs() >= 20 && acquire < config.request_timeout);
    }
    let awake = Deployment::with(NEW_DATABASE);
    assert_eq!(
        awake.resource("CleanUp")["ScheduleExpression"],
        "rate(1 hour)"
    );
    let budget = |deployment: &Deployment| deployment.resource("Schema")["ProxyPercent"].clone();
    assert_eq!(
        (budget(&awake), budget(&deployment)),
        (json!(80), json!(100))
    );
    let target = &read("templates/database.yaml")["Resources"]["ProxyTarget"]["Properties"];
    assert_eq!(
        target["ConnectionPoolConfigurationInfo"]["MaxConnectionsPercent"],
        80
    );
}

/// The functions never get the owner's password.
#[test]
fn migrations_have_credentials_of_their_own_where_they_are_given() {
    let own = [("MigrateSecretArn", OTHER_SECRET)];
    let existing = Deployment::with(JWT_MODE.into_iter().chain(own));
    for (deployment, owner, application) in [
        (existing, OTHER_SECRET, DATABASE_SECRET),
        (
            Deployment::with(
                NEW_DATABASE
                    .into_iter()
                    .chain([("DatabaseIamAuth", "false")]),
            ),
            "NewDatabaseStack.Outputs.MigrateSecretArn",
            "NewDatabaseStack.Outputs.SecretArn",
        ),
    ] {
        for function in deployment.api_functions() {
            assert_eq!(function.environment()["DATABASE_SECRET_ARN"], application);
        }
        let migrate = deployment.function("migrate").environment();
        assert_eq!(migrate["DATABASE_SECRET_ARN"], owner);
        assert_eq!(migrate["APPLICATION_SECRET_ARN"], application);
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
