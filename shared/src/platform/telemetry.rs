//! Logs: one JSON object a line on standard output, where Lambda collects them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, prelude::*};

use crate::platform::config::Variables;

/// Starts logging.
///
/// `LOG_LEVEL` chooses the level, else `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's
/// logging configuration (default `info`). `RUST_LOG` overrides both, for local use, with a level or with
/// pairs of module and level (`info,shared=debug`).
pub(crate) fn init(variables: &Variables) {
    let json = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true);
    tracing_subscriber::registry()
        .with(filter(|name| variables.optional(name).map(str::to_owned)))
        .with(json)
        .init();
}

/// What is logged. Filters with patterns would bring a regular expression engine into every binary.
fn filter(variable: impl Fn(&str) -> Option<String>) -> Targets {
    let chosen = variable("RUST_LOG").and_then(|text| text.parse().ok());
    chosen
        .unwrap_or_else(|| filter_of_lambda(variable))
        // The driver quotes parts of DATABASE_URL that it does not know, and one may be a password.
        .with_target("sqlx_postgres::options::parse", LevelFilter::OFF)
}

fn filter_of_lambda(variable: impl Fn(&str) -> Option<String>) -> Targets {
    let chosen = variable("LOG_LEVEL").or_else(|| variable("AWS_LAMBDA_LOG_LEVEL"));
    let level = match chosen.as_deref() {
        Some("FATAL") => LevelFilter::ERROR,
        Some(name) => name.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    };
    // The runtime's own span would say what ours says, in every line again.
    Targets::new()
        .with_default(level)
        .with_target("lambda_runtime", level.min(LevelFilter::WARN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(variables: &[(&str, &str)]) -> Option<LevelFilter> {
        let value = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        filter(value).default_level()
    }

    #[test]
    fn every_level_that_lambda_can_be_told_is_understood() {
        for (name, expected) in [
            ("TRACE", LevelFilter::TRACE),
            ("DEBUG", LevelFilter::DEBUG),
            ("INFO", LevelFilter::INFO),
            ("WARN", LevelFilter::WARN),
            ("ERROR", LevelFilter::ERROR),
            ("FATAL", LevelFilter::ERROR),
        ] {
            assert_eq!(level(&[("AWS_LAMBDA_LOG_LEVEL", name)]), Some(expected));
            let ours = [("LOG_LEVEL", name), ("AWS_LAMBDA_LOG_LEVEL", "TRACE")];
            assert_eq!(level(&ours), Some(expected));
        }
    }

    #[test]
    fn a_local_filter_goes_before_lambdas_and_without_both_it_is_info() {
        let both = [("RUST_LOG", "warn"), ("AWS_LAMBDA_LOG_LEVEL", "DEBUG")];
        assert_eq!(level(&both), Some(LevelFilter::WARN));
        assert_eq!(level(&[]), Some(LevelFilter::INFO));
    }
}
