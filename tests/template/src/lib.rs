//! Tests that hold `template.yaml` against the code and the contract. Nothing but tests is here.
//!
//! The module `template` reads the file and evaluates it for given parameters as a deploy would, so that
//! the tests speak about deployments and not about YAML.

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod environment;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod template;
#[cfg(test)]
mod workflows;
