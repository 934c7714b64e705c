//! What CloudWatch makes of datapoints, as its manual says ("Alarm evaluation", "Configuring how CloudWatch
//! alarms treat missing data", and the note on FILL in "Using math expressions with CloudWatch metrics").

use serde_json::Value;

use super::expression::{Series, evaluate};

/// CloudWatch looks at more periods than an alarm evaluates, to make up for missing datapoints. The manual
/// does not say how many; its examples have two.
const MORE_PERIODS: usize = 2;

/// An alarm of the template.
pub struct Alarm {
    pub name: String,
    expression: String,
    /// The names of the metrics and of what they are about, by their ids.
    pub metrics: Vec<(String, String, String)>,
    threshold: f64,
    fires_below: bool,
    evaluation_periods: usize,
    breaching_datapoints: usize,
    missing_is_breaching: bool,
}

impl Alarm {
    /// Reads the resource. `value` says what its parameters are.
    pub fn read(name: &str, properties: &Value, value: impl Fn(&str) -> String) -> Self {
        let number = |property: &Value| match property.get("Ref") {
            Some(parameter) => value(parameter.as_str().unwrap()).parse().unwrap(),
            None => property.as_f64().unwrap(),
        };
        let count = |name: &str| usize::try_from(properties[name].as_u64().unwrap()).unwrap();
        let metric = |id: &str, metric: &Value| {
            let about = &metric["Dimensions"][0]["Value"]["Ref"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (id.to_owned(), text(&metric["MetricName"]), text(about))
        };
        let (expression, metrics) = match properties["Metrics"].as_array() {
            None => ("value".to_owned(), vec![metric("value", properties)]),
            Some(queries) => {
                let expression = &queries[0]["Expression"];
                let mut text = expression
                    .as_str()
                    .or_else(|| expression["Fn::Sub"].as_str())
                    .unwrap()
                    .to_owned();
                while let Some((before, rest)) = text.split_once("${") {
                    let (parameter, after) = rest.split_once('}').unwrap();
                    text = format!("{before}{}{after}", value(parameter));
                }
                let metrics = queries[1..].iter().map(|query| {
                    metric(
                        query["Id"].as_str().unwrap(),
                        &query["MetricStat"]["Metric"],
                    )
                });
                (text, metrics.collect())
            }
        };
        Self {
            name: name.to_owned(),
            expression,
            metrics,
            threshold: number(&properties["Threshold"]),
            fires_below: properties["ComparisonOperator"] == "LessThanThreshold",
            evaluation_periods: count("EvaluationPeriods"),
            breaching_datapoints: count("DatapointsToAlarm"),
            missing_is_breaching: properties["TreatMissingData"] == "breaching",
        }
    }

    /// Whether the alarm is on at the end of each period. The datapoints of the last `late` periods have not
    /// arrived by then.
    pub fn states(&self, arrived: &Series, periods: usize, late: usize) -> Vec<bool> {
        let mut states = Vec::new();
        for end in 1..=periods {
            let mut known = arrived.clone();
            for datapoints in known.values_mut() {
                datapoints.truncate(end);
                for datapoint in datapoints.iter_mut().rev().take(late) {
                    *datapoint = None;
                }
            }
            let values = (0..end).map(|period| evaluate(&self.expression, &known, period));
            states.push(self.is_on(&values.collect::<Vec<_>>()));
        }
        states
    }

    /// Missing datapoints count only where there are too few others in all periods that are looked at.
    fn is_on(&self, values: &[Option<f64>]) -> bool {
        let range = values
            .iter()
            .rev()
            .take(self.evaluation_periods + MORE_PERIODS);
        let present: Vec<_> = range
            .flatten()
            .take(self.evaluation_periods)
            .map(|value| self.is_breaching(*value))
            .collect();
        let missing = self.evaluation_periods - present.len();
        let breaching = present
            .into_iter()
            .filter(|is_breaching| *is_breaching)
            .count();
        breaching + missing * usize::from(self.missing_is_breaching) >= self.breaching_datapoints
    }

    fn is_breaching(&self, value: f64) -> bool {
        if self.fires_below {
            value < self.threshold
        } else {
            value > self.threshold
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm(datapoints_to_alarm: u64, evaluation_periods: u64) -> Alarm {
        let metric = json!({
            "MetricName": "errors",
            "Dimensions": [{ "Name": "function", "Value": { "Ref": "F" } }],
        });
        let properties = json!({
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "EvaluationPeriods": evaluation_periods,
            "DatapointsToAlarm": datapoints_to_alarm,
            "TreatMissingData": "notBreaching",
            "Metrics": [
                { "Id": "value", "Expression": "FILL(errors, 0)" },
                { "Id": "errors", "MetricStat": { "Metric": metric } },
            ],
        });
        Alarm::read("Example", &properties, |_| String::new())
    }

    /// The newest period is filled with 0 again and again, as the manual warns.
    #[test]
    fn a_filled_alarm_that_wants_every_datapoint_never_fires_where_metrics_are_late() {
        let series = Series::from([("errors".to_owned(), vec![Some(9.0); 20])]);
        let fires = |alarm: &Alarm, late| alarm.states(&series, 20, late).contains(&true);
        assert!(fires(&alarm(2, 2), 0));
        assert!(!fires(&alarm(2, 2), 1));
        assert!(!fires(&alarm(1, 1), 1));
        assert!(fires(&alarm(2, 3), 1));
    }
}
