//! What is made anew for another mapping of the same table.

use super::{BUILDS_INDEX, COUNTS, COUNTS_OF_MANY, TablePlan, VIEW};
use crate::mapping::{
    indexes::{NEXT, REPLACED},
    names::{quoted, raw},
};

/// How a table is mapped anew.
#[derive(Debug)]
pub(crate) struct Remapping {
    /// Builds the indexes that are different, while others write.
    pub(crate) create: Vec<String>,
    /// The mapping, as it is remembered.
    pub(crate) mapping: String,
    /// Everything else, in one transaction.
    pub(crate) statements: Vec<String>,
}

/// All that counts users: it is made of the expressions of a mapping.
const DROP_COUNTS: &str = "DROP VIEW users CASCADE; \
     DROP FUNCTION count_inserted_users, count_updated_user, count_deleted_users, count_truncated_users, \
     compact_user_counts, repair_user_counts; \
     DROP TABLE user_count_totals, user_count_changes, user_signups";

/// As migration 0022 does. Nobody must see the counts before.
const COUNT: &str = "SELECT repair_user_counts()";

impl TablePlan {
    /// What is made anew for another mapping of the same table: first indexes, under names of their own, then
    /// everything that is not an index, in one transaction.
    pub(crate) fn remapping(&self, before: &Self) -> Remapping {
        let changed: Vec<_> = BUILDS_INDEX
            .into_iter()
            .map(|version| (self.index(version), before.index(version)))
            .filter(|(new, old)| new != old)
            .collect();
        let schema = &self.schema;
        let mut create = Vec::new();
        let mut renames = Vec::new();
        for (new, old) in changed {
            if let Some(old) = old {
                renames.push(old.rename(schema, "", REPLACED));
            }
            if let Some(new) = new {
                create.push(new.create_next(&self.table));
                renames.push(new.rename(schema, NEXT, ""));
            }
        }
        // Functions of the release before write the columns of the old mapping until the deploy has ended.
        let mut columns = self.view_columns();
        let old = before.written.iter();
        let old = old.filter(|column| !self.written.contains(column));
        columns.extend(old.map(|column| format!("{} AS {}", quoted(column), raw(column))));
        let view = VIEW.replace("{view_columns}", &columns.join(",\n    "));
        Remapping {
            create,
            mapping: self.mapping.clone(),
            statements: vec![
                before.drop_triggers().join("; "),
                DROP_COUNTS.to_owned(),
                self.fill(&view),
                self.fill(COUNTS_OF_MANY),
                self.fill(COUNTS),
                COUNT.to_owned(),
                renames.join("; "),
            ],
        }
    }

    /// Whether ids are the same in another mapping of the same table.
    pub(crate) fn has_ids_of(&self, other: &Self) -> bool {
        (&self.table, &self.id, self.id_type) == (&other.table, &other.id, other.id_type)
    }
}
