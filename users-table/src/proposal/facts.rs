//! What the catalogue says of a table and its columns.

use std::collections::BTreeSet;

use sqlx::{FromRow, PgConnection, postgres::types::Oid};

/// A relation that may hold users.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Relation {
    pub(super) oid: Oid,
    pub(super) schema: String,
    pub(super) name: String,
    /// `r`, `p`, `v`, `m` or `f`, as in `pg_class`.
    pub(super) kind: String,
    /// Name and schema as SQL takes them.
    pub(super) sql: String,
    /// How many rows there are, by the server's statistics; negative where it has none.
    pub(super) estimated_rows: i64,
    /// How many foreign keys refer to it.
    pub(super) referring: i64,
    pub(super) may_read: bool,
    pub(super) is_owner: bool,
    pub(super) owner: String,
    pub(super) columns: Vec<String>,
}

/// All tables and views that neither the server nor an extension nor rollcall has made.
pub(super) async fn list_relations(
    connection: &mut PgConnection,
) -> Result<Vec<Relation>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             pg_class.oid,
             nspname::text AS schema,
             relname::text AS name,
             relkind::text AS kind,
             quote_ident(nspname) || '.' || quote_ident(relname) AS sql,
             reltuples::bigint AS estimated_rows,
             (SELECT count(*) FROM pg_constraint WHERE confrelid = pg_class.oid AND contype = 'f') AS referring,
             has_any_column_privilege(pg_class.oid, 'SELECT') AND has_schema_privilege(relnamespace, 'USAGE')
                 AS may_read,
             pg_has_role(relowner, 'USAGE') AS is_owner,
             pg_get_userbyid(relowner)::text AS owner,
             ARRAY(
                 SELECT attname::text
                 FROM pg_attribute
                 WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                 ORDER BY attnum
             ) AS columns
         FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
             AND NOT relispartition
             AND nspname NOT IN ('pg_catalog', 'information_schema', 'rollcall')
             AND nspname NOT LIKE 'pg\\_%'
             AND NOT EXISTS (
                 SELECT FROM pg_depend
                 WHERE classid = 'pg_class'::regclass
                     AND objid = pg_class.oid
                     AND deptype = 'e'
             )
         ORDER BY nspname <> 'public', nspname, relname",
    )
    .fetch_all(connection)
    .await
}

/// A column, with what is known of its type and of the rules on it.
#[expect(clippy::struct_excessive_bools, reason = "the catalogue has them so")]
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Column {
    pub(super) name: String,
    /// As SQL takes it, with a schema where it is not the server's own, without a length.
    pub(super) data_type: String,
    /// The type below a domain.
    pub(super) base_type: String,
    /// `typcategory` of the type below a domain.
    pub(super) category: String,
    pub(super) is_domain: bool,
    /// Of `varchar(n)`, `char(n)` and `bit(n)`.
    pub(super) characters: Option<i32>,
    pub(super) is_nullable: bool,
    /// The default, as SQL.
    pub(super) default: Option<String>,
    pub(super) is_identity: bool,
    pub(super) is_generated: bool,
    /// Whether it has a collation of its own.
    pub(super) is_collated: bool,
    /// What a generated column is, as SQL.
    pub(super) generation: Option<String>,
    /// Whether a foreign key is on it.
    pub(super) is_reference: bool,
    /// The values of its enum, or of the enum that its array is of, in their order.
    pub(super) labels: Vec<String>,
    /// CHECK constraints on this column alone.
    pub(super) checks: Vec<String>,
    /// What the table says of it to people.
    pub(super) comment: Option<String>,
}

impl Column {
    pub(super) fn is_text(&self) -> bool {
        self.category == "S"
    }

    pub(super) fn is_flag(&self) -> bool {
        self.base_type == "boolean"
    }

    pub(super) fn is_whole_number(&self) -> bool {
        matches!(
            self.base_type.as_str(),
            "bigint" | "integer" | "smallint" | "numeric"
        )
    }

    /// Whether it is a `bit(1)`, as other servers have flags.
    pub(super) fn is_single_bit(&self) -> bool {
        self.base_type == "bit" && self.characters == Some(1)
    }

    pub(super) fn is_number(&self) -> bool {
        self.category == "N"
    }

    pub(super) fn is_time(&self) -> bool {
        self.base_type.starts_with("timestamp") || self.base_type == "date"
    }

    pub(super) fn is_enum(&self) -> bool {
        self.category == "E"
    }

    pub(super) fn is_enum_array(&self) -> bool {
        self.category == "A" && !self.labels.is_empty()
    }

    /// Whether the table itself writes another column into it in one case.
    pub(super) fn is_folded(&self, other: &str) -> bool {
        let Some(generation) = &self.generation else {
            return false;
        };
        let kept = generation
            .replace(['(', ')', '"'], "")
            .replace("::text", "");
        ["lower", "upper"]
            .map(|function| format!("{function}{other}"))
            .contains(&kept)
    }

    /// Whether an INSERT has to say something of it.
    pub(super) fn is_required(&self) -> bool {
        !self.is_nullable && self.default.is_none() && !self.is_identity && !self.is_generated
    }

    /// The values that an enum, or a CHECK constraint with a list, allows.
    pub(super) fn allowed(&self) -> Vec<String> {
        if !self.labels.is_empty() {
            return self.labels.clone();
        }
        let lists = self.checks.iter().filter(|check| check.contains("= "));
        lists
            .map(|check| literals(check))
            .find(|list| !list.is_empty())
            .unwrap_or_default()
    }
}

/// The texts in quotes of an SQL expression.
pub(super) fn literals(sql: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = sql;
    while let Some(start) = rest.find('\'') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find('\'') else { break };
        texts.push(rest[..end].to_owned());
        rest = &rest[end + 1..];
    }
    texts
}

pub(super) async fn list_columns(
    connection: &mut PgConnection,
    table: Oid,
) -> Result<Vec<Column>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             attname::text AS name,
             format_type(atttypid, NULL) AS data_type,
             format_type(base.oid, NULL) AS base_type,
             base.typcategory::text AS category,
             typ.typtype = 'd' AS is_domain,
             CASE
                 WHEN base.typname IN ('varchar', 'bpchar') AND greatest(atttypmod, typ.typtypmod) > 4
                 THEN greatest(atttypmod, typ.typtypmod) - 4
                 WHEN base.typname = 'bit' THEN greatest(atttypmod, typ.typtypmod)
             END AS characters,
             NOT attnotnull AND NOT typ.typnotnull AS is_nullable,
             CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END AS \"default\",
             attidentity <> '' AS is_identity,
             attgenerated <> '' AS is_generated,
             attcollation NOT IN (0, 'pg_catalog.\"default\"'::regcollation) AS is_collated,
             CASE WHEN attgenerated <> '' THEN pg_get_expr(adbin, adrelid) END AS generation,
             EXISTS (
                 SELECT FROM pg_constraint
                 WHERE conrelid = attrelid AND contype = 'f' AND attnum = ANY (conkey)
             ) AS is_reference,
             ARRAY(
                 SELECT enumlabel::text FROM pg_enum WHERE enumtypid = base.oid OR enumtypid = base.typelem AND base.typcategory = 'A' ORDER BY enumsortorder
             ) AS labels,
             ARRAY(
                 SELECT pg_get_constraintdef(oid) FROM pg_constraint
                 WHERE conrelid = attrelid AND contype = 'c' AND conkey = ARRAY[attnum]
                 ORDER BY conname
             ) AS checks,
             col_description(attrelid, attnum) AS comment
         FROM pg_attribute
         JOIN pg_type AS typ ON typ.oid = atttypid
         JOIN pg_type AS base ON base.oid = CASE WHEN typ.typtype = 'd' THEN typ.typbasetype ELSE typ.oid END
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = $1
             AND attnum > 0
             AND NOT attisdropped
         ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// A unique index on one column, or on one expression of one column.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct UniqueIndex {
    pub(super) column: String,
    pub(super) is_primary: bool,
    pub(super) is_expression: bool,
    /// The condition of a partial index.
    pub(super) condition: Option<String>,
}

pub(super) async fn list_unique_indexes(
    connection: &mut PgConnection,
    table: Oid,
) -> Result<Vec<UniqueIndex>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             attname::text AS column,
             indisprimary AS is_primary,
             indkey[0] = 0 AS is_expression,
             pg_get_expr(indpred, indrelid) AS condition
         FROM pg_index
         JOIN pg_attribute
             ON attrelid = indrelid
             AND CASE
                 WHEN indkey[0] <> 0 THEN attnum = indkey[0]
                 ELSE attnum = (
                     SELECT min(refobjsubid) FROM pg_depend
                     WHERE classid = 'pg_class'::regclass
                         AND objid = indexrelid
                         AND refobjid = indrelid
                         AND refobjsubid > 0
                 )
             END
         WHERE indrelid = $1
             AND indisunique
             AND indisvalid
             AND indnkeyatts = 1
         ORDER BY NOT indisprimary, indexrelid",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// The columns of each unique index on several.
pub(super) async fn list_composite_indexes(
    connection: &mut PgConnection,
    table: Oid,
) -> Result<Vec<Vec<String>>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT ARRAY(
             SELECT attname::text
             FROM unnest(indkey::smallint[]) WITH ORDINALITY AS keys (number, place)
             JOIN pg_attribute ON attrelid = indrelid AND attnum = number
             WHERE place <= indnkeyatts
             ORDER BY place
         )
         FROM pg_index
         WHERE indrelid = $1 AND indisunique AND NOT indisprimary AND indnkeyatts > 1
         ORDER BY indexrelid",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// What the key of a table is, and what may make new ones.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Surroundings {
    pub(super) key_columns: Vec<String>,
    /// Sequences that may make its ids, the likeliest first, as SQL takes them.
    pub(super) sequences: Vec<String>,
}

pub(super) async fn find_surroundings(
    connection: &mut PgConnection,
    relation: &Relation,
    id: &str,
) -> Result<Surroundings, sqlx::Error> {
    let names: Vec<String> = [
        format!("{}_{id}_seq", relation.name),
        format!("{}_seq", relation.name),
        format!("seq_{}", relation.name),
        "sequence_generator".to_owned(),
        "hibernate_sequence".to_owned(),
    ]
    .into();
    sqlx::query_as(
        "SELECT
             ARRAY(
                 SELECT attname::text
                 FROM pg_index, unnest(indkey::smallint[]) WITH ORDINALITY AS keys (number, place)
                 JOIN pg_attribute ON attnum = number
                 WHERE indrelid = $1 AND indisprimary AND attrelid = $1
                 ORDER BY place
             ) AS key_columns,
             ARRAY(
                 SELECT quote_ident(nspname) || '.' || quote_ident(relname)
                 FROM pg_class
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE relkind = 'S' AND nspname = $2 AND lower(relname) = ANY (
                     SELECT lower(name) FROM unnest($3::text[]) AS names (name)
                 )
                 ORDER BY array_position($3::text[], relname::text)
             ) AS sequences",
    )
    .bind(relation.oid)
    .bind(&relation.schema)
    .bind(names)
    .fetch_one(connection)
    .await
}

/// A table that refers to this one and has addresses, if there is one.
pub(super) async fn find_addresses(
    connection: &mut PgConnection,
    table: Oid,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT quote_ident(nspname) || '.' || quote_ident(relname)
         FROM pg_constraint
         JOIN pg_class ON pg_class.oid = conrelid
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         JOIN pg_attribute ON attrelid = conrelid
         WHERE confrelid = $1
             AND conrelid <> $1
             AND contype = 'f'
             AND attname ~* '^e?_?mail(_?address)?$'
         ORDER BY relname !~* 'e_?mail', relname
         LIMIT 1",
    )
    .bind(table)
    .fetch_optional(connection)
    .await
}

/// A table as the proposal looks at it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) relation: Relation,
    pub(super) columns: Vec<Column>,
    pub(super) unique: Vec<UniqueIndex>,
    /// The columns that are unique together with others.
    pub(super) unique_together: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether a unique index is on this column alone, be it partial or on an expression.
    pub(super) fn has_unique_index(&self, column: &Column) -> bool {
        self.unique.iter().any(|index| index.column == column.name)
    }

    /// Columns of which no two rows have the same value, whatever else the rows have.
    pub(super) fn unique_columns(&self) -> BTreeSet<&str> {
        let whole = self
            .unique
            .iter()
            .filter(|index| index.condition.is_none() && !index.is_expression);
        whole.map(|index| index.column.as_str()).collect()
    }
}
