//! What a change of a parameter does to the functions, and how a release takes over.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::template::{
    DATABASE_SECRET, Deployment, GATEWAY_MODE, JWT_MODE, NEW_DATABASE, document, entries, text,
};

/// What a version of a function does not keep, or what is not a property of the function.
const OUTSIDE_A_VERSION: [&str; 8] = [
    "AutoPublishAlias",
    "CodeUri",
    "DeploymentPreference",
    "Description",
    "Events",
    "ReservedConcurrentExecutions",
    "Tags",
    "VersionDescription",
];

/// What the versions of the functions of the API keep.
fn versions(deployment: &Deployment) -> BTreeMap<String, Value> {
    let functions = deployment.api_functions();
    functions
        .map(|function| {
            let kept = entries(&function.properties)
                .filter(|(name, _)| !OUTSIDE_A_VERSION.contains(&name.as_str()));
            let kept = kept.map(|(name, value)| (name.clone(), value.clone()));
            (function.name, Value::Object(kept.collect()))
        })
        .collect()
}

/// A value other than the default.
fn another_value(declaration: &Value) -> String {
    let default = text(&declaration["Default"]);
    let allowed = declaration["AllowedValues"]
        .as_array()
        .into_iter()
        .flatten();
    let ends = [&declaration["MinValue"], &declaration["MaxValue"]];
    let others = allowed.chain(ends.into_iter().filter(|end| !end.is_null()));
    let mut others = others.map(text).filter(|value| *value != default);
    others.next().unwrap_or_else(|| "another".to_owned())
}

/// A version keeps the variables of the time when it was published. A new one is published when the description
/// changes, which has the hash of the configuration.
#[test]
fn whatever_changes_a_function_publishes_a_version() {
    let document = document();
    let existing_cache = [("Cache", "existing"), ("CacheUrl", "rediss://cache:6379")];
    for start in [
        JWT_MODE.to_vec(),
        GATEWAY_MODE.to_vec(),
        NEW_DATABASE.to_vec(),
        [&JWT_MODE[..], &existing_cache].concat(),
        vec![("DatabaseSecretArn", DATABASE_SECRET)],
        [
            &JWT_MODE[..],
            &[("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1")],
        ]
        .concat(),
    ] {
        let before = Deployment::with(start.clone());
        for (parameter, declaration) in entries(&document["Parameters"]) {
            let value = another_value(declaration);
            let change = [(parameter.as_str(), value.as_str())];
            let after = Deployment::with(start.iter().copied().chain(change));
            if versions(&before) != versions(&after) {
                assert_ne!(
                    before.resource("Schema")["Configuration"],
                    after.resource("Schema")["Configuration"],
                    "{parameter}={value} changes functions"
                );
            }
        }
    }
}

#[test]
fn every_function_of_the_api_is_reached_through_its_alias_and_rolled_out_with_an_alarm() {
    let deployment = Deployment::with(JWT_MODE);
    let document = document();
    for function in deployment.functions() {
        assert_eq!(
            function.properties["AutoPublishAlias"], "live",
            "{}",
            function.name
        );
    }
    let described = "${AppName}, configuration ${Schema.Configuration}";
    let mut count = 0;
    for (name, resource) in entries(&document["Resources"]) {
        if resource["Type"] != "AWS::Serverless::Function" || name == "MigrateFunction" {
            continue;
        }
        let properties = &resource["Properties"];
        for property in ["Description", "VersionDescription"] {
            assert_eq!(
                properties[property],
                json!({ "Fn::Sub": described }),
                "{name}"
            );
        }
        let rollout = &properties["DeploymentPreference"];
        assert_eq!(rollout["Type"]["Ref"], "Rollout", "{name}");
        assert_eq!(
            rollout["Alarms"],
            json!([{ "Ref": "DeployAlarm" }]),
            "{name}"
        );
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        count += 1;
    }
    assert_eq!(count, deployment.functions().len() - 1);
}

/// Its custom resource and its clean-up call what is deployed now, so there is nothing to shift.
#[test]
fn migrate_is_not_rolled_out_gradually() {
    let document = document();
    let migrate = &document["Resources"]["MigrateFunction"]["Properties"];
    assert_eq!(migrate["DeploymentPreference"], Value::Null);
}
