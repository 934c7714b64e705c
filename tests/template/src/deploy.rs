//! The order of a deploy, what it checks, and what watches over the result.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Deployment, JWT_MODE, document, entries, read, text};

/// The metrics that functions write and somebody looks at.
const METRICS: [&str; 13] = [
    "healthy",
    "requests",
    "errors",
    "duration_ms",
    "cold_start",
    "retries",
    "cache_hit",
    "cache_stale",
    "cache_error",
    "rate_limited",
    "db.client.connection.wait_time",
    "db.client.connection.create_time",
    "db.client.connection.timeouts",
];

#[test]
fn no_function_of_the_api_is_touched_before_the_schema_is_up_to_date() {
    for (name, resource) in entries(&document()["Resources"]) {
        let is_function = resource["Type"] == "AWS::Serverless::Function";
        if is_function && name != "MigrateFunction" {
            // CloudFormation waits for what a property names.
            let description = resource["Properties"]["Description"].to_string();
            assert!(description.contains("${Schema."), "{name}: {description}");
        }
    }
}

#[test]
fn new_code_of_migrate_makes_the_schema_an_update() {
    let document = document();
    let schema = &document["Resources"]["Schema"]["Properties"];
    assert_eq!(schema["Code"]["Ref"], "MigrateFunction.Version");
    assert!(!document["Globals"]["Function"]["AutoPublishAlias"].is_null());
}

/// Its network may have no way to S3, which is then why the deploy failed.
#[test]
fn nobody_has_to_answer_when_the_stack_goes() {
    let document = document();
    assert_eq!(document["Resources"]["Schema"]["DeletionPolicy"], "Retain");
}

#[test]
fn cloudformation_waits_longer_than_migrate_works() {
    let deployment = Deployment::with(JWT_MODE);
    let wait = deployment.resource("Schema")["ServiceTimeout"]
        .as_u64()
        .unwrap();
    let work = deployment.function("migrate").properties["Timeout"]
        .as_u64()
        .unwrap();
    assert!(work < wait && wait <= 3_600);
}

/// So that an error about the budget names parameters, and every reserve is counted.
#[test]
fn the_budget_has_every_parameter_about_connections_under_its_own_name() {
    let document = document();
    let budget = &document["Resources"]["Schema"]["Properties"]["ConnectionBudget"];
    for (name, value) in entries(budget) {
        assert_eq!(value["Ref"], name.as_str());
    }
    let counted: BTreeSet<_> = entries(budget).map(|(name, _)| name.as_str()).collect();
    let mut declared: BTreeSet<_> = entries(&document["Parameters"])
        .map(|(name, _)| name.as_str())
        .filter(|name| name.ends_with("Concurrency") || name.ends_with("Connections"))
        .collect();
    declared.insert("PoolSize");
    // It opens none.
    assert!(declared.remove("ConsoleReservedConcurrency"));
    assert_eq!(counted, declared);
    for function in Deployment::with(JWT_MODE).functions() {
        let reserved = &function.properties["ReservedConcurrentExecutions"];
        assert!(reserved.is_u64(), "{} reserves nothing", function.name);
    }
}

#[test]
fn the_hourly_clean_up_is_a_command_of_migrate() {
    let deployment = Deployment::with(JWT_MODE);
    let rule = deployment.resource("CleanUp");
    assert_eq!(rule["ScheduleExpression"], "rate(1 hour)");
    assert_eq!(rule["Targets"][0]["Input"], r#"{"command":"clean"}"#);
}

#[test]
fn nested_templates_get_exactly_the_parameters_that_they_declare() {
    let document = document();
    let stacks = entries(&document["Resources"])
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudFormation::Stack");
    let mut count = 0;
    for (name, stack) in stacks {
        let nested = read(&text(&stack["Properties"]["TemplateURL"]));
        let given: BTreeSet<_> = entries(&stack["Properties"]["Parameters"])
            .map(|(name, _)| name)
            .collect();
        let declared: BTreeSet<_> = entries(&nested["Parameters"])
            .map(|(name, _)| name)
            .collect();
        assert_eq!(given, declared, "{name}");
        let outputs: BTreeSet<_> = entries(&nested["Outputs"])
            .map(|(output, _)| format!("{name}.Outputs.{output}"))
            .collect();
        let whole = document.to_string();
        for output in &outputs {
            assert!(whole.contains(output), "{output} is used by nobody");
        }
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn every_alarm_tells_somebody_and_is_explained_in_the_guide() {
    let alarms = read("templates/alarms.yaml");
    let guide = std::fs::read_to_string(crate::template::workspace().join("docs/operations.md"));
    let guide = guide.unwrap();
    let mut count = 0;
    for (name, resource) in entries(&alarms["Resources"]) {
        if resource["Type"] != "AWS::CloudWatch::Alarm" {
            continue;
        }
        let alarm = &resource["Properties"];
        assert_eq!(alarm["AlarmActions"][0]["Ref"], "Topic", "{name}");
        // Most of these metrics are written only when something happens.
        let missing = if name == "HealthAlarm" {
            "breaching"
        } else {
            "notBreaching"
        };
        assert_eq!(alarm["TreatMissingData"], missing, "{name}");
        let description = alarm["AlarmDescription"].as_str().unwrap();
        let (title, _) = description.split_once(" - ").unwrap();
        assert!(
            guide.contains(&format!("**{title}**")),
            "the guide says nothing about {title}"
        );
        count += 1;
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn alarms_and_dashboard_use_metrics_that_the_functions_write() {
    let alarms = read("templates/alarms.yaml");
    let mut used = BTreeSet::new();
    collect_own_metrics(&alarms, &mut used);
    let dashboard = alarms["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        .as_str()
        .unwrap();
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    for widget in dashboard["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            if metric[0] == "rollcall" {
                assert_eq!(metric[2], "function");
                used.insert(text(&metric[1]));
            }
        }
    }
    assert_eq!(used, METRICS.map(str::to_owned).into());
}

fn collect_own_metrics(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_own_metrics(item, found)),
        Value::Object(members) => {
            if members
                .get("Namespace")
                .is_some_and(|name| name == "rollcall")
            {
                assert_eq!(value["Dimensions"][0]["Name"], "function");
                found.insert(text(&members["MetricName"]));
            }
            members
                .values()
                .for_each(|item| collect_own_metrics(item, found));
        }
        _ => {}
    }
}
