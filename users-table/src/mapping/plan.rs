//! What `migrate` makes of a mapping, and what keeps it from that.

mod remapping;

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{
    columns::{ViewColumn, id_type, view_column, written_columns},
    indexes::{Index, Indexed},
    names::{literal, quoted, raw},
};
use crate::{
    adoption,
    catalogue::{self, Column},
    extra_fields::ExtraFields,
    users_table::{FieldMapping, UsersMapping},
};

const USERS: &str = include_str!("templates/users.sql");
const VIEW: &str = include_str!("templates/view.sql");
const IDEMPOTENCY_KEYS: &str = include_str!("templates/idempotency_keys.sql");
const WITH_IDS_OF_USERS: &str = include_str!("../../../migrations/0023_user_audit.up.sql");
const COUNTS: &str = include_str!("templates/counts.sql");
const COUNTS_OF_MANY: &str = include_str!("templates/counts_of_many.sql");

/// Migrations of rollcall's own table that another application's has no need of.
const WITHOUT_COUNTERPART: [i64; 5] = [8, 9, 10, 11, 32];

/// Migrations that build an index.
pub(crate) const BUILDS_INDEX: [i64; 10] = [3, 4, 5, 6, 7, 12, 13, 31, 90, 110];

/// A mapping in terms of the table that is there.
#[derive(Debug)]
pub struct TablePlan {
    /// The table, as SQL takes it, with its schema.
    table: String,
    schema: String,
    mapping: String,
    id: String,
    id_type: &'static str,
    columns: Vec<ViewColumn>,
    written: Vec<String>,
    extra: ExtraFields,
    users_are: Option<String>,
    searched: Vec<String>,
    times: Vec<String>,
    /// Conditions that a column changes which is counted.
    counted: Vec<String>,
    unique: [bool; 2],
}

/// Why there is no [`TablePlan`].
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// What is in the way, in sentences for the owner of the table, without any user's data.
    #[error("{}", .0.join("; "))]
    PreflightErrors(Vec<String>),
    /// A query failed.
    #[error(transparent)]
    Query(#[from] sqlx::Error),
}

/// Looks at the table and says what would be made of it. Nothing is changed.
pub async fn plan(
    connection: &mut PgConnection,
    mapping: &UsersMapping,
) -> Result<TablePlan, PlanError> {
    let (schema, name) = mapping.table_name();
    let Some((schema, name)) = catalogue::resolve_table(connection, schema, name).await? else {
        return Err(PlanError::PreflightErrors(vec![format!(
            "there is no table {}",
            mapping.table
        )]));
    };
    let table = format!("{schema}.{name}");
    let found = adoption::find_table(connection, &table).await?;
    match found {
        Some(found) if found.is_ordinary => {}
        _ => {
            return Err(PlanError::PreflightErrors(vec![format!(
                "{table} is not an ordinary table, and triggers and indexes need one"
            )]));
        }
    }
    let columns = catalogue::list_columns(connection, &table).await?;
    let features = adoption::list_features(connection, &table).await?;
    let mut preflight_errors: Vec<_> = features
        .iter()
        .filter_map(|feature| feature.preflight_error(&table))
        .collect();
    let id = &mapping.id.column;
    if !catalogue::is_unique(connection, &table, id).await? {
        preflight_errors.push(format!(
            "the id {id} is neither the primary key of {table} alone nor UNIQUE"
        ));
    }
    let mut view_columns = Vec::new();
    for (name, field) in mapping.fields() {
        match view_column(name, field, &columns) {
            Ok(column) => view_columns.push(column),
            Err(preflight_error) => preflight_errors.push(preflight_error),
        }
    }
    let id_type = match id_type(mapping, &columns) {
        Ok(id_type) => id_type,
        Err(preflight_error) => {
            preflight_errors.push(preflight_error);
            ""
        }
    };
    let written = written_columns(mapping);
    for column in &written {
        match columns.iter().find(|found| found.name == *column) {
            None => preflight_errors.push(format!(
                "the mapping writes {column}, which the table does not have"
            )),
            Some(found) if found.is_generated => preflight_errors.push(format!(
                "the mapping writes {column}, which is a generated column: read it with \"sql\""
            )),
            Some(_) => {}
        }
    }
    if !preflight_errors.is_empty() {
        return Err(PlanError::PreflightErrors(preflight_errors));
    }
    let mut plan = TablePlan {
        table,
        schema,
        mapping: mapping.to_json(),
        id: quoted(&mapping.id.column),
        id_type,
        columns: view_columns,
        written,
        extra: mapping.extra,
        users_are: mapping.users_are.clone(),
        searched: Vec::new(),
        times: Vec::new(),
        counted: Vec::new(),
        unique: [
            mapping.are_emails_unique(),
            mapping
                .username
                .as_ref()
                .is_some_and(FieldMapping::is_unique),
        ],
    };
    // Everything is tried on an empty copy of the table, which the rollback takes away.
    let mut transaction = connection.begin().await?;
    let tried = plan.try_out(&mut transaction, &columns).await;
    transaction.rollback().await?;
    match tried {
        Ok(()) => Ok(plan),
        Err(error) => match error.as_database_error() {
            Some(reason) => Err(PlanError::PreflightErrors(vec![format!(
                "the mapping does not work on {}: {}",
                plan.table,
                reason.message()
            )])),
            None => Err(error.into()),
        },
    }
}

impl TablePlan {
    /// The table, as SQL takes it.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// What a migration of rollcall's own table is for this one, if it is something else.
    #[must_use]
    pub fn migration(&self, version: i64) -> Option<String> {
        match version {
            1 => Some(self.fill(USERS) + &self.fill(VIEW)),
            20 => Some(self.fill(IDEMPOTENCY_KEYS)),
            23 => Some(WITH_IDS_OF_USERS.replace("_id bigint,", "_id user_id,")),
            21 => Some(self.fill(COUNTS_OF_MANY) + &self.fill(COUNTS)),
            140 => Some(self.fill(COUNTS_OF_MANY)),
            91 => Some(format!("ANALYZE {}", self.table)),
            version if BUILDS_INDEX.contains(&version) => Some(self.index(version).map_or_else(
                || "SELECT".to_owned(),
                |index| index.create(&self.table, "CONCURRENTLY IF NOT EXISTS"),
            )),
            version if WITHOUT_COUNTERPART.contains(&version) => Some("SELECT".to_owned()),
            _ => None,
        }
    }

    /// The statements that take everything away again, in order.
    #[must_use]
    pub fn removal(&self) -> Vec<String> {
        let triggers = self.drop_triggers();
        let indexes = self.indexes().map(|index| {
            format!(
                "DROP INDEX CONCURRENTLY IF EXISTS {}.{}",
                self.schema, index.name
            )
        });
        triggers
            .into_iter()
            .chain([format!(
                "DROP SCHEMA IF EXISTS {} CASCADE",
                UsersMapping::SCHEMA
            )])
            .chain(indexes)
            .collect()
    }

    /// The names of all indexes, in the schema of the table.
    #[must_use]
    pub fn index_names(&self) -> Vec<&'static str> {
        self.indexes().map(|index| index.name).collect()
    }

    /// For each field whose values are kept apart, SQL that lists the users who share one.
    pub(crate) fn shared_values(&self) -> Vec<(&'static str, String)> {
        let names = ["email", "username"].into_iter().zip(self.unique);
        let columns = names
            .filter(|(_, is_unique)| *is_unique)
            .filter_map(|(name, _)| self.columns.iter().find(|column| column.name == name))
            .filter(|column| !column.is_absent);
        let query = |column: &ViewColumn| {
            let users_are = self.users_are.as_deref().unwrap_or("TRUE");
            let filter = format!("WHERE ({users_are}) AND {} <> ''", column.sql);
            let query =
                catalogue::shared_values(&self.table, &self.id, column.name, &column.sql, &filter);
            (column.name, query)
        };
        columns.map(query).collect()
    }

    fn drop_triggers(&self) -> [String; 4] {
        [
            "rollcall_count_inserted_users",
            "rollcall_count_updated_user",
            "rollcall_count_deleted_users",
            "rollcall_count_truncated_users",
        ]
        .map(|trigger| format!("DROP TRIGGER IF EXISTS {trigger} ON {}", self.table))
    }

    fn indexes(&self) -> impl Iterator<Item = Index> {
        BUILDS_INDEX
            .into_iter()
            .filter_map(|version| self.index(version))
    }

    fn index(&self, version: i64) -> Option<Index> {
        let indexed = Indexed {
            columns: &self.columns,
            id: &self.id,
            users_are: self.users_are.as_deref(),
            searched: &self.searched,
            times: &self.times,
            unique: self.unique,
        };
        indexed.of_migration(version)
    }

    fn fill(&self, template: &str) -> String {
        let user_row: Vec<_> = ["created_at", "is_active", "is_superuser"]
            .into_iter()
            .filter_map(|name| self.columns.iter().find(|column| column.name == name))
            .map(|column| format!("{} AS {}", column.sql, column.name))
            .collect();
        let changed = if self.counted.is_empty() {
            "FALSE".to_owned()
        } else {
            self.counted.join("\n    OR ")
        };
        let filter = self.filter();
        template
            .replace("{table_name}", &literal(&self.table))
            .replace("{table}", &self.table)
            .replace("{mapping}", &literal(&self.mapping))
            .replace("{id_type}", self.id_type)
            .replace("{view_columns}", &self.view_columns().join(",\n    "))
            .replace("{user_row}", &user_row.join(", "))
            .replace("{is_count_changed}", &changed)
            .replace(
                " {where}",
                &if filter.is_empty() {
                    String::new()
                } else {
                    format!(" {filter}")
                },
            )
            .replace(
                "\n{where}",
                &if filter.is_empty() {
                    String::new()
                } else {
                    format!("\n{filter}")
                },
            )
    }

    /// Which rows are users, as a WHERE clause.
    fn filter(&self) -> String {
        let users_are = self.users_are.as_ref();
        users_are.map_or_else(String::new, |condition| format!("WHERE ({condition})"))
    }

    fn view_columns(&self) -> Vec<String> {
        let id = format!("{} AS id", self.id);
        let fields = self
            .columns
            .iter()
            .map(|column| format!("{} AS {}", column.sql, column.name));
        let raw = self
            .written
            .iter()
            .map(|column| format!("{} AS {}", quoted(column), raw(column)));
        let pairs: Vec<_> = self
            .extra
            .iter()
            .map(|field| format!("{}, {}", literal(field.name), quoted(field.column)))
            .collect();
        let extra = (!pairs.is_empty())
            .then(|| format!("jsonb_build_object({}) AS extra", pairs.join(", ")));
        let all = [id].into_iter().chain(fields).chain(raw);
        all.chain(extra).collect()
    }

    /// Finds out which columns the expressions read, and whether the server takes all of it.
    async fn try_out(
        &mut self,
        connection: &mut PgConnection,
        columns: &[Column],
    ) -> Result<(), sqlx::Error> {
        let of = |names: &[&str]| {
            let sql = self
                .columns
                .iter()
                .filter(|column| names.contains(&column.name));
            sql.map(|column| column.sql.clone()).collect::<Vec<_>>()
        };
        let mut searched = of(&["email", "username", "full_name"]);
        searched.extend(of(&["is_active", "is_superuser"]));
        let mut counted = of(&["is_active", "is_superuser", "created_at"]);
        counted.extend(self.users_are.clone());
        let quoted = |names: Vec<String>| names.iter().map(|name| quoted(name)).collect();
        let times = of(&["created_at"]);
        self.searched = quoted(read_columns(connection, &self.table, &searched).await?);
        self.times = quoted(read_columns(connection, &self.table, &times).await?);
        let counted = read_columns(connection, &self.table, &counted).await?;
        let is_changed = |name: &String| is_changed(name, columns);
        self.counted = counted.iter().map(is_changed).collect();
        let view = format!(
            "CREATE TEMP VIEW rollcall_probe AS SELECT {} FROM {} {}",
            self.view_columns().join(", "),
            self.table,
            self.filter()
        );
        connection.execute(view.as_str()).await?;
        let copy = format!("CREATE TEMP TABLE rollcall_copy (LIKE {})", self.table);
        connection.execute(copy.as_str()).await?;
        catalogue::create_trigram_extension(connection).await?;
        let indexes: Vec<_> = self.indexes().collect();
        for index in indexes {
            connection
                .execute(index.create("rollcall_copy", "").as_str())
                .await?;
        }
        Ok(())
    }
}

/// Which columns of a table expressions read, by name. The server knows it of views.
async fn read_columns(
    connection: &mut PgConnection,
    table: &str,
    expressions: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let expressions: Vec<_> = expressions
        .iter()
        .enumerate()
        .map(|(place, sql)| format!("{sql} AS e{place}"))
        .collect();
    let view = format!(
        "CREATE TEMP VIEW rollcall_expressions AS SELECT {} FROM {table}",
        expressions.join(", ")
    );
    connection.execute(view.as_str()).await?;
    let names = catalogue::list_columns_of_view(connection, "rollcall_expressions", table).await?;
    connection.execute("DROP VIEW rollcall_expressions").await?;
    Ok(names)
}

/// The condition of a trigger that a column changes. JSON and XML have no equality.
fn is_changed(name: &str, columns: &[Column]) -> String {
    let found = columns.iter().find(|column| column.name == name);
    let is_text = found.is_some_and(|column| matches!(column.data_type.as_str(), "json" | "xml"));
    let cast = if is_text { "::text" } else { "" };
    let name = quoted(name);
    format!("OLD.{name}{cast} IS DISTINCT FROM NEW.{name}{cast}")
}
