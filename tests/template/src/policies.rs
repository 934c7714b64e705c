//! What each function may do: what it needs and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template::{
    Deployment, Function, GATEWAY_MODE, JWT_MODE, NEW_DATABASE, document, entries, list, read, text,
};

const EXISTING_CACHE: [(&str, &str); 3] = [
    ("Cache", "existing"),
    ("CacheUrl", "rediss://cache:6379"),
    (
        "CacheSecretArn",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:cache-AbCdEf",
    ),
];

/// A role of an existing database that logs in with tokens.
const ROLE_OF_IAM: [(&str, &str); 4] = [
    ("DatabaseIamUser", "app"),
    (
        "DatabaseIamResource",
        "arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-1/app",
    ),
    ("DatabaseHost", "cluster.internal"),
    ("DatabaseName", "accounts"),
];

const ROLES_OF_PROXIES: &str =
    "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:";

/// Every action that the function's role allows, with its resources.
fn allowed(deployment: &Deployment, function: &Function) -> BTreeMap<String, BTreeSet<String>> {
    let role = deployment.named_by(&function.properties["Role"]);
    let policies = role["Policies"].as_array().unwrap();
    let statements = policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    let mut allowed = BTreeMap::<_, BTreeSet<_>>::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        // A condition on the version of a secret would end every session at a rotation.
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        let conditions: Vec<_> = conditions.flat_map(|(_, keys)| entries(keys)).collect();
        assert!(
            conditions.iter().all(|(key, _)| *key == "kms:ViaService"),
            "{statement}"
        );
        for action in list(&statement["Action"]) {
            allowed
                .entry(action)
                .or_default()
                .extend(list(&statement["Resource"]));
        }
    }
    allowed
}

/// The secrets that the function's environment points to.
fn own_secrets(function: &Function) -> BTreeSet<String> {
    let environment = function.environment().into_iter();
    let secrets =
        environment.filter(|(name, arn)| name.ends_with("_SECRET_ARN") && !arn.is_empty());
    secrets.map(|(_, arn)| arn).collect()
}

#[test]
fn a_function_may_read_its_own_secrets_write_its_own_log_and_trace_and_no_more() {
    for parameters in [
        JWT_MODE.to_vec(),
        GATEWAY_MODE.to_vec(),
        NEW_DATABASE.to_vec(),
        [&NEW_DATABASE[..], &[("Cache", "new")]].concat(),
        [&NEW_DATABASE[..], &[("DatabaseIamAuth", "false")]].concat(),
        [&JWT_MODE[..], &EXISTING_CACHE].concat(),
        [&GATEWAY_MODE[..], &ROLE_OF_IAM].concat(),
    ] {
        let deployment = Deployment::with(parameters);
        for function in deployment.functions() {
            let own_log = BTreeSet::from([format!(
                "{}.Arn",
                text(&function.properties["LoggingConfig"]["LogGroup"])
            )]);
            let anything = BTreeSet::from(["*".to_owned()]);
            let environment = function.environment();
            let role = environment
                .get("DATABASE_IAM_USER")
                .filter(|role| !role.is_empty());
            let own_role = role.map(|role| {
                let proxy = "${NewDatabaseStack.Outputs.ProxyResourceId}/";
                let (before, after) = match role.as_str() {
                    "rollcall_app" => (ROLES_OF_PROXIES, format!("{proxy}{role}")),
                    _ => (ROLE_OF_IAM[1].1, String::new()),
                };
                (
                    "rds-db:connect",
                    BTreeSet::from([format!("{before}{after}")]),
                )
            });
            let own_secrets = own_secrets(&function);
            let secrets =
                (!own_secrets.is_empty()).then_some(("secretsmanager:GetSecretValue", own_secrets));
            let expected = [
                ("logs:CreateLogStream", own_log.clone()),
                ("logs:PutLogEvents", own_log),
                ("xray:PutTelemetryRecords", anything.clone()),
                ("xray:PutTraceSegments", anything),
            ];
            let expected = expected.into_iter().chain(own_role).chain(secrets);
            let expected: BTreeMap<_, _> = expected
                .filter(|(_, resources)| !resources.is_empty())
                .map(|(action, resources)| (action.to_owned(), resources))
                .collect();
            assert_eq!(
                allowed(&deployment, &function),
                expected,
                "{}",
                function.name
            );
        }
    }
}

#[test]
fn secrets_under_keys_of_ones_own_can_be_read_through_secrets_manager_and_nothing_else() {
    let keys =
        "arn:aws:kms:eu-central-1:123456789012:key/1,arn:aws:kms:eu-central-1:123456789012:key/2";
    let deployment = Deployment::with(JWT_MODE.into_iter().chain([("KmsKeyArns", keys)]));
    let expected: BTreeSet<_> = keys.split(',').map(str::to_owned).collect();
    for function in deployment.functions() {
        // It has no secrets.
        if function.name == "console" {
            continue;
        }
        let role = deployment.named_by(&function.properties["Role"]);
        let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
        let statements = statements.as_array().unwrap();
        let decrypt = statements
            .iter()
            .find(|statement| statement["Action"] == "kms:Decrypt")
            .unwrap();
        let resources: BTreeSet<_> = list(&decrypt["Resource"]).into_iter().collect();
        assert_eq!(resources, expected, "{}", function.name);
        assert_eq!(
            decrypt["Condition"],
            json!({ "StringEquals": {
                "kms:ViaService": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"
            } })
        );
    }
}

/// Accounts that demand a boundary refuse a deploy with a single role that has none.
#[test]
fn every_role_takes_the_boundary() {
    let boundary = json!({ "Fn::If": ["HasBoundary", { "Ref": "PermissionsBoundary" }, { "Ref": "AWS::NoValue" }] });
    let mut count = 0;
    for template in [document(), read("templates/database.yaml")] {
        for (name, resource) in entries(&template["Resources"]) {
            if resource["Type"] == "AWS::IAM::Role" {
                assert_eq!(
                    resource["Properties"]["PermissionsBoundary"], boundary,
                    "{name}"
                );
                count += 1;
            }
        }
    }
    assert!(count >= 7, "{count}");
    for template in [
        "templates/alarms.yaml",
        "templates/cache.yaml",
        "templates/network.yaml",
    ] {
        assert!(!read(template).to_string().contains("AWS::IAM::Role"));
    }
}

#[test]
fn no_two_functions_share_a_role_or_a_log() {
    let functions = Deployment::with(JWT_MODE).functions();
    for property in ["/Role", "/LoggingConfig/LogGroup"] {
        let names: BTreeSet<_> = functions
            .iter()
            .map(|function| text(function.properties.pointer(property).unwrap()))
            .collect();
        assert_eq!(names.len(), functions.len(), "{property}: {names:?}");
    }
}

#[test]
fn only_lambda_can_take_a_functions_role() {
    let deployment = Deployment::with(JWT_MODE);
    for function in deployment.functions() {
        let role = deployment.named_by(&function.properties["Role"]);
        let statement = json!([{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": "lambda.amazonaws.com" },
        }]);
        assert_eq!(role["AssumeRolePolicyDocument"]["Statement"], statement);
    }
}

#[test]
fn the_network_is_touched_only_in_a_vpc() {
    let vpc = [
        ("SubnetIds", "subnet-1,subnet-2"),
        ("SecurityGroupIds", "sg-1"),
    ];
    let inside = Deployment::with(JWT_MODE.into_iter().chain(vpc));
    for function in inside.functions() {
        let role = inside.named_by(&function.properties["Role"]);
        assert_eq!(
            role["ManagedPolicyArns"],
            json!(["NetworkPolicy"]),
            "{}",
            function.name
        );
        assert_eq!(
            function.properties["VpcConfig"],
            json!({ "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"] })
        );
    }
    let policy = &inside.resource("NetworkPolicy")["PolicyDocument"]["Statement"][0];
    for action in list(&policy["Action"]) {
        let interfaces = ["NetworkInterface", "PrivateIpAddresses", "DescribeSubnets"];
        assert!(action.starts_with("ec2:"), "{action}");
        assert!(
            interfaces.iter().any(|part| action.contains(part)),
            "{action}"
        );
    }
    let outside = Deployment::with(JWT_MODE);
    for function in outside.functions() {
        let role = outside.named_by(&function.properties["Role"]);
        assert_eq!(role["ManagedPolicyArns"], Value::Null, "{}", function.name);
        assert_eq!(
            function.properties["VpcConfig"],
            Value::Null,
            "{}",
            function.name
        );
    }
}

/// A line of metrics has no level, and Lambda takes it for one of INFO.
#[test]
fn metrics_pass_whatever_the_level_of_logs() {
    let document = document();
    let levels = list(&document["Parameters"]["LogLevel"]["AllowedValues"]);
    assert_eq!(levels.len(), 5);
    for level in levels {
        let parameters = JWT_MODE.into_iter().chain([("LogLevel", level.as_str())]);
        for function in Deployment::with(parameters).functions() {
            let filter = text(&function.properties["LoggingConfig"]["ApplicationLogLevel"]);
            assert!(
                ["TRACE", "DEBUG", "INFO"].contains(&filter.as_str()),
                "{filter}"
            );
            assert_eq!(function.environment()["LOG_LEVEL"], level);
        }
    }
}

#[test]
fn every_log_is_kept_as_long_as_the_parameter_says() {
    let deployment = Deployment::with(JWT_MODE.into_iter().chain([("LogRetentionDays", "7")]));
    for function in deployment.functions() {
        let log = deployment.named_by(&function.properties["LoggingConfig"]["LogGroup"]);
        assert_eq!(text(&log["RetentionInDays"]), "7", "{}", function.name);
        assert_eq!(function.properties["LoggingConfig"]["LogFormat"], "JSON");
    }
}
