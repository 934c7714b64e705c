//! The proposal for one table.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::{
    Access, Proposal, ProposedField, Setting, dependents, extra,
    facts::{self, Column, Relation, Surroundings, Table},
    features, flags, ids, keys, new_users, passwords, rows, samples, texts, times, usual_values,
    vocabulary::{CREATED, UPDATED},
};
use crate::{
    adoption,
    extra_fields::ExtraFields,
    users_table::{FieldMapping, IdMapping, UsersMapping},
};

/// What is found out on the way.
#[derive(Default)]
struct Report {
    fields: Vec<ProposedField>,
    preflight_errors: Vec<String>,
    notes: Vec<String>,
    mend: Vec<String>,
    no_new_users: Vec<String>,
    settings: Vec<Setting>,
}

impl Report {
    fn set(&mut self, variable: &'static str, value: &str, reason: &str) {
        self.settings.push(Setting {
            variable,
            value: value.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn field(&mut self, field: &'static str, mapping: Option<&FieldMapping>, notes: Vec<String>) {
        let access = match mapping {
            None => Access::Absent,
            Some(mapping) if mapping.written().is_empty() => Access::ReadOnly,
            Some(_) => Access::Works,
        };
        let from = mapping
            .and_then(|mapping| mapping.column().or(mapping.sql()))
            .map(str::to_owned);
        self.fields.push(ProposedField {
            field,
            from,
            access,
            notes,
        });
    }
}

pub(super) async fn propose(
    connection: &mut PgConnection,
    relation: &Relation,
) -> Result<Proposal, sqlx::Error> {
    let table = Table {
        columns: facts::list_columns(connection, relation.oid).await?,
        unique: facts::list_unique_indexes(connection, relation.oid).await?,
        unique_together: facts::list_composite_indexes(connection, relation.oid).await?,
        relation: relation.clone(),
    };
    let surroundings = facts::find_surroundings(connection, relation, "id").await?;
    let features = adoption::list_features(connection, &relation.sql).await?;
    let mut report = Report {
        preflight_errors: features::preflight_errors(&table, &features),
        ..Report::default()
    };
    let mapping = if report.preflight_errors.is_empty() {
        map(connection, &table, &surroundings, &mut report).await?
    } else {
        None
    };
    report.notes.extend(features::notes(&table, &features));
    Ok(Proposal {
        table: relation.sql.clone(),
        estimated_rows: (relation.estimated_rows >= 0).then_some(relation.estimated_rows),
        new_users: mapping.iter().flat_map(new_users_of).collect(),
        mapping,
        fields: report.fields,
        no_new_users: report.no_new_users,
        preflight_errors: report.preflight_errors,
        notes: report.notes,
        mend: report.mend,
        settings: report.settings,
    })
}

fn new_users_of(mapping: &UsersMapping) -> Vec<String> {
    let columns = mapping.new_users.iter();
    columns
        .map(|(column, sql)| format!("{column} = {sql}"))
        .collect()
}

async fn map(
    connection: &mut PgConnection,
    table: &Table,
    surroundings: &Surroundings,
    report: &mut Report,
) -> Result<Option<UsersMapping>, sqlx::Error> {
    let key = match ids::find(table, &surroundings.key_columns) {
        Ok(key) => key,
        Err(preflight_error) => {
            report.preflight_errors.push(preflight_error);
            return Ok(None);
        }
    };
    if !ids::is_short(connection, table, key).await? {
        report
            .preflight_errors
            .push(format!("ids in {} have more than 64 bytes", key.name));
        return Ok(None);
    }
    let surroundings = facts::find_surroundings(connection, &table.relation, &key.name).await?;
    let (id, outcome) = ids::map(connection, table, key, &surroundings).await?;
    let note = match outcome {
        Ok(note) => note,
        Err(reason) => {
            report.no_new_users.push(reason);
            None
        }
    };
    report.fields.push(ProposedField {
        field: "id",
        from: Some(id.column.clone()),
        access: Access::ReadOnly,
        notes: Vec::new(),
    });
    report.notes.push(
        "the `sub` of tokens is the id; if yours name users otherwise, set JWT_SUBJECT_CLAIM, and JWT_SUBJECT_FIELD \
         to email or username"
            .to_owned(),
    );
    let Some(mapping) = fields(connection, table, id, report).await? else {
        return Ok(None);
    };
    if let Some(field) = report.fields.first_mut() {
        field
            .notes
            .extend(note.filter(|_| mapping.id.new.is_some()));
    }
    Ok(Some(complete(connection, table, mapping, report).await?))
}

async fn fields(
    connection: &mut PgConnection,
    table: &Table,
    mut id: IdMapping,
    report: &mut Report,
) -> Result<Option<UsersMapping>, sqlx::Error> {
    let keys = keys::find(connection, table, &id.column).await?;
    if keys.email.is_none() && keys.username.is_none() {
        report.preflight_errors.push(keys::nobody_is_found(table));
        return Ok(None);
    }
    let is_id = |column: &&Column| column.name == id.column;
    if let Some(column) = [keys.email, keys.username]
        .into_iter()
        .flatten()
        .find(is_id)
    {
        report.no_new_users.push(format!(
            "{} is the key, and rollcall gives a new user no key that means something",
            column.name
        ));
        id.new = None;
    }
    let (users, notes) = rows::users_are(connection, table).await?;
    report.notes.extend(notes);
    let condition = users.as_ref().map(|users| users.condition.as_str());
    let email = key(
        connection,
        table,
        ("email", keys.email),
        &id,
        condition,
        report,
    )
    .await?;
    let username = key(
        connection,
        table,
        ("username", keys.username),
        &id,
        condition,
        report,
    )
    .await?;
    let taken: Vec<&str> = [keys.email, keys.username]
        .into_iter()
        .flatten()
        .map(|column| column.name.as_str())
        .chain([id.column.as_str()])
        .collect();
    let (full_name, notes) = texts::full_name(table, &taken);
    report.field("full_name", full_name.as_ref(), notes);
    let password = passwords::password(connection, table, &taken).await?;
    report.field("password_hash", password.field.as_ref(), password.notes);
    let [hash, reason] = password.setting;
    report.set("PASSWORD_HASH", hash, reason);
    let (is_active, mut notes) = flags::is_active(connection, table).await?;
    if is_active.is_none() {
        notes.push("everybody is active".to_owned());
    }
    report.field("is_active", is_active.as_ref(), notes);
    let is_superuser = superuser(connection, table, report).await?;
    let (created_at, mut notes) = times::time(connection, table, CREATED).await?;
    if created_at.is_none() {
        notes.push("lists are by id, and numbers of new users are null".to_owned());
    }
    report.field("created_at", created_at.as_ref(), notes);
    let (updated_at, notes) = times::time(connection, table, UPDATED).await?;
    report.field("updated_at", updated_at.as_ref(), notes);
    let (users_are, deleted) =
        users.map_or((None, None), |users| (Some(users.condition), users.new));
    if let Some(condition) = &users_are {
        report
            .notes
            .push(format!("users are the rows where {condition}"));
    }
    report.notes.extend(rows::notes(connection, table).await?);
    Ok(Some(UsersMapping {
        table: table_name(&table.relation),
        id,
        email,
        username,
        full_name,
        password_hash: password.field,
        is_active,
        is_superuser,
        created_at,
        updated_at,
        extra: ExtraFields::NONE,
        users_are,
        new_users: deleted.into_iter().collect(),
        no_new_users: None,
    }))
}

/// Who is a superuser, and which settings say it where the table does not, or where nobody writes it.
async fn superuser(
    connection: &mut PgConnection,
    table: &Table,
    report: &mut Report,
) -> Result<Option<FieldMapping>, sqlx::Error> {
    let (is_superuser, mut notes) = flags::is_superuser(connection, table).await?;
    if is_superuser
        .as_ref()
        .is_none_or(|field| field.written().is_empty())
    {
        if is_superuser.is_none() {
            notes.push("nobody is a superuser by the table".to_owned());
        }
        report.set(
            "JWT_SUPERUSER_CLAIM",
            "role=admin",
            "the claim by which your tokens name an administrator",
        );
        report.set(
            "JWT_SUPERUSERS",
            "<sub>,<sub>",
            "or the subjects of the administrators",
        );
    }
    report.field("is_superuser", is_superuser.as_ref(), notes);
    Ok(is_superuser)
}

async fn key(
    connection: &mut PgConnection,
    table: &Table,
    (field, column): (&'static str, Option<&Column>),
    id: &IdMapping,
    users_are: Option<&str>,
    report: &mut Report,
) -> Result<Option<FieldMapping>, sqlx::Error> {
    let Some(column) = column else {
        let mut notes = Vec::new();
        if field == "email" {
            notes.push(
                "users have no address: imports find nobody again, and rollcall creates nobody"
                    .to_owned(),
            );
            let other = facts::find_addresses(connection, table.relation.oid).await?;
            notes.extend(other.map(|other| {
                format!("{other} has addresses, which rollcall does not read: it knows one table of users")
            }));
        } else {
            notes.push("lists by username are refused".to_owned());
        }
        report.field(field, None, notes);
        return Ok(None);
    };
    let (mapping, notes, mend) = texts::key(
        connection,
        table,
        field,
        column,
        column.name == id.column,
        users_are,
    )
    .await?;
    report.mend.extend(mend);
    report.field(field, Some(&mapping), notes);
    Ok(Some(mapping))
}

fn table_name(relation: &Relation) -> String {
    if relation.schema == "public" && !relation.name.contains('.') {
        relation.name.clone()
    } else {
        format!("{}.{}", relation.schema, relation.name)
    }
}

/// Adds what a new row needs, and says whether there can be new rows.
async fn complete(
    connection: &mut PgConnection,
    table: &Table,
    mut mapping: UsersMapping,
    report: &mut Report,
) -> Result<UsersMapping, sqlx::Error> {
    let written: BTreeSet<String> = mapping
        .fields()
        .iter()
        .filter_map(|(_, field)| *field)
        .flat_map(FieldMapping::written)
        .map(|(column, _)| column.to_owned())
        .chain(mapping.new_users.keys().cloned())
        .collect();
    let id = mapping.id.column.clone();
    mapping.extra = extra::columns(table, &id, &written);
    report
        .fields
        .extend(mapping.extra.iter().map(|field| ProposedField {
            field: field.name,
            from: Some(field.column.to_owned()),
            access: Access::Works,
            notes: Vec::new(),
        }));
    let known = written.iter().cloned().chain([id.clone()]).collect();
    let users_are = mapping.users_are.as_deref();
    let usual = usual_values::find(connection, table, &known, &mapping.extra, users_are).await?;
    report.notes.extend(usual.notes);
    report
        .notes
        .extend(dependents::notes(connection, table, &id, users_are).await?);
    let (constants, unknown) =
        new_users::constants(connection, table, &id, &written, &usual.constants).await?;
    mapping.new_users.extend(usual.constants);
    mapping.new_users.extend(constants);
    for (column, reason) in unknown {
        if mapping.extra.iter().any(|field| field.column == column) {
            report.notes.push(format!(
                "a new user has to say {column}: it is required, and no value is known to be right"
            ));
        } else {
            report.no_new_users.push(reason);
        }
    }
    let can_write_email = mapping
        .email
        .as_ref()
        .is_some_and(|email| !email.written().is_empty());
    if !can_write_email {
        report
            .no_new_users
            .push("no column takes the address of a new user".to_owned());
    }
    report
        .no_new_users
        .extend(new_users::shared_keys(table, &mapping));
    if report.no_new_users.is_empty() {
        report
            .no_new_users
            .extend(new_users::broken_checks(connection, table, &mapping).await?);
    }
    if !report.no_new_users.is_empty() {
        mapping.no_new_users = Some(report.no_new_users.join("; "));
        mapping.new_users.clear();
    }
    if table.relation.is_owner {
        let query = "SELECT has_database_privilege(current_database(), 'CREATE')";
        if samples::holds(connection, query).await? == Some(false) {
            report.notes.push(
                "to apply it, this user needs CREATE on the database, for the schema rollcall"
                    .to_owned(),
            );
        }
    }
    Ok(mapping)
}
