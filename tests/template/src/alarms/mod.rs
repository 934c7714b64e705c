//! The alarms, fed with the metrics that must make them fire.

mod evaluation;
mod expression;

use std::{collections::BTreeSet, ops::Range};

use self::{evaluation::Alarm, expression::Series};
use crate::template::{document, entries, read, workspace};

/// An hour of most alarms, which is enough for each.
const PERIODS: usize = 60;

/// In these periods the system is ill; before and after it is well.
const ILL: Range<usize> = 20..40;

/// The value of a metric in one period, by the names of the metric and of what it is about. `None` is a
/// metric that nobody writes.
type Metrics = fn(&str, &str) -> Option<f64>;

struct Scenario {
    alarm: &'static str,
    well: Metrics,
    ill: Metrics,
    /// How many periods after the first ill one the alarm is on.
    periods: usize,
}

const fn scenario(alarm: &'static str, well: Metrics, ill: Metrics, periods: usize) -> Scenario {
    Scenario {
        alarm,
        well,
        ill,
        periods,
    }
}

/// In most of them one function alone meets the fault, as in a small installation.
const SCENARIOS: [Scenario; 18] = [
    scenario("HealthAlarm", |_, _| Some(1.0), |_, _| Some(0.0), 6),
    scenario("HealthAlarm", |_, _| Some(1.0), |_, _| None, 8),
    scenario(
        "ErrorsAlarm",
        |name, _| (name == "requests").then_some(100.0),
        |name, about| match (name, about) {
            ("requests", _) => Some(100.0),
            (_, "BulkCreateFunction") => Some(5.0),
            _ => None,
        },
        3,
    ),
    scenario(
        "StatsLatencyAlarm",
        |_, _| Some(20.0),
        |_, _| Some(1_500.0),
        4,
    ),
    scenario(
        "ListUsersLatencyAlarm",
        |_, _| Some(20.0),
        |_, _| Some(1_500.0),
        4,
    ),
    scenario(
        "ConnectionWaitAlarm",
        |_, _| Some(2.0),
        |_, about| of_lists(about, 900.0),
        4,
    ),
    scenario(
        "ConnectionTimeoutsAlarm",
        |_, _| None,
        |_, about| of_lists(about, 1.0),
        3,
    ),
    scenario(
        "ConnectionsAlarm",
        |_, _| Some(2.0),
        |_, about| of_lists(about, 75.0),
        4,
    ),
    scenario(
        "ThrottlesAlarm",
        |_, _| None,
        |_, about| of_lists(about, 1.0),
        3,
    ),
    scenario(
        "CrashesAlarm",
        |_, _| None,
        |_, about| of_lists(about, 1.0),
        2,
    ),
    scenario("ThrottlesAlarm", |_, _| None, of_the_console, 3),
    scenario("CrashesAlarm", |_, _| None, of_the_console, 2),
    scenario("MigrateAlarm", |_, _| None, |_, _| Some(1.0), 2),
    scenario("GatewayAlarm", |_, _| Some(0.0), |_, _| Some(30.0), 3),
    scenario(
        "CacheAlarm",
        |_, _| None,
        |_, about| of_lists(about, 10.0),
        4,
    ),
    scenario("CapacityAlarm", |_, _| Some(40.0), |_, _| Some(97.0), 11),
    scenario(
        "ProxyAlarm",
        |_, _| Some(900.0),
        |_, _| Some(2_500_000.0),
        4,
    ),
    // A tenth of the traffic gets a release that fails.
    scenario(
        "DeployAlarm",
        |name, _| (name == "requests").then_some(100.0),
        |name, _| match name {
            "requests" => Some(100.0),
            "errors" => Some(10.0),
            _ => None,
        },
        2,
    ),
];

fn of_lists(about: &str, value: f64) -> Option<f64> {
    (about == "ListUsersFunction").then_some(value)
}

fn of_the_console(_: &str, about: &str) -> Option<f64> {
    (about == "ConsoleFunction").then_some(1.0)
}

fn alarms() -> Vec<Alarm> {
    let (alarms, root) = (read("templates/alarms.yaml"), document());
    entries(&alarms["Resources"])
        .chain(entries(&root["Resources"]))
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm")
        .map(|(name, resource)| {
            Alarm::read(name, &resource["Properties"], |parameter| {
                let value = match parameter {
                    "LatencyMilliseconds" => "1000",
                    "PoolSize" => "1",
                    "ConnectionLimit" => "87",
                    other => panic!("the scenarios know no {other}"),
                };
                value.to_owned()
            })
        })
        .collect()
}

fn series(alarm: &Alarm, value: impl Fn(usize, &str, &str) -> Option<f64>) -> Series {
    let metrics = alarm.metrics.iter();
    metrics
        .map(|(id, name, about)| {
            let values = (0..PERIODS).map(|period| value(period, name, about));
            (id.clone(), values.collect())
        })
        .collect()
}

#[test]
fn every_alarm_fires_when_it_must_and_ends_when_all_is_well_again() {
    let alarms = alarms();
    for scenario in &SCENARIOS {
        let name = scenario.alarm;
        let alarm = alarms.iter().find(|alarm| alarm.name == name).unwrap();
        let series = series(alarm, |period, name, about| {
            let metrics = if ILL.contains(&period) {
                scenario.ill
            } else {
                scenario.well
            };
            metrics(name, about)
        });
        // The metrics of the newest period may not have arrived.
        for late in [0, 1] {
            let states = alarm.states(&series, PERIODS, late);
            let on: Vec<_> = (0..PERIODS).filter(|&period| states[period]).collect();
            // An alarm that missing datapoints raise is on until there are some.
            let after_start = on.iter().filter(|&&period| period >= 10);
            let (first, last) = (after_start.clone().min(), after_start.max());
            let begin = ILL.start..ILL.start + scenario.periods + late;
            assert!(
                first.is_some_and(|first| begin.contains(first)),
                "{name} {late}: {on:?}"
            );
            let end = ILL.end - 1..ILL.end + 15;
            assert!(
                last.is_some_and(|last| end.contains(last)),
                "{name} {late}: {on:?}"
            );
        }
    }
}

#[test]
fn no_alarm_is_without_a_scenario() {
    let alarms: BTreeSet<_> = alarms().into_iter().map(|alarm| alarm.name).collect();
    let scenarios: BTreeSet<_> = SCENARIOS
        .iter()
        .map(|scenario| scenario.alarm.to_owned())
        .collect();
    assert_eq!(alarms, scenarios);
}

/// At night, or in the first hour of an installation.
#[test]
fn a_system_that_nobody_uses_raises_no_alarm_but_that_of_its_probe() {
    for alarm in alarms() {
        let nothing = series(&alarm, |_, _, _| None);
        for late in [0, 1] {
            let is_on = alarm.states(&nothing, PERIODS, late).contains(&true);
            assert_eq!(is_on, alarm.name == "HealthAlarm", "{}", alarm.name);
        }
    }
}

/// `tests/api` sends it to the real function.
#[test]
fn the_probe_is_the_event_that_the_tests_send() {
    let template = document();
    let target = &template["Resources"]["HealthProbe"]["Properties"]["Targets"][0];
    let sent: serde_json::Value = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
    let file = std::fs::read_to_string(workspace().join("events/health-probe.json")).unwrap();
    assert_eq!(
        sent,
        serde_json::from_str::<serde_json::Value>(&file).unwrap()
    );
}
