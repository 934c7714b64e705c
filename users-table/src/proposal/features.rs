//! What the table is, whatever its columns are.

use super::facts::Table;
use crate::adoption::{Feature, FeatureKind};

/// Why the table cannot be adopted whatever its columns are.
pub(super) fn preflight_errors(table: &Table, features: &[Feature]) -> Vec<String> {
    let name = &table.relation.sql;
    let kind = match table.relation.kind.as_str() {
        "v" => Some("a view: adopt the table that it reads, because triggers and indexes need one"),
        "m" => {
            Some("a materialized view: adopt the table that it reads, because nobody can write it")
        }
        "f" => Some(
            "a foreign table: adopt it in the database that holds its rows, because triggers and indexes need them",
        ),
        "p" => Some(
            "partitioned: the unique index and the counts of rollcall need all rows in one table",
        ),
        _ => None,
    };
    if let Some(kind) = kind {
        return vec![format!("{name} is {kind}")];
    }
    let mut preflight_errors = Vec::new();
    if !table.relation.may_read {
        preflight_errors.push(format!(
            "this user may not read {name}: GRANT SELECT ON {name} TO the user of DATABASE_URL"
        ));
    }
    preflight_errors.extend(
        features
            .iter()
            .filter_map(|feature| feature.preflight_error(name)),
    );
    preflight_errors
}

/// What its owner should know.
pub(super) fn notes(table: &Table, features: &[Feature]) -> Vec<String> {
    let relation = &table.relation;
    let mut notes = Vec::new();
    for feature in features {
        let note = match feature.kind {
            FeatureKind::Policy => {
                "row level security may hide users from lists, which are counted: policy"
            }
            FeatureKind::Trigger => "may change or refuse what is written: trigger",
            _ => continue,
        };
        notes.push(format!("{note} {}", feature.name));
    }
    if !relation.is_owner {
        notes.push(format!(
            "only the owner, {}, can apply it: DATABASE_URL names another user",
            relation.owner
        ));
    }
    notes
}
