//! The body of a request that changes many users.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shared::{
    platform::{config::Config, error::Error, http::query::number_text},
    store::{
        audit::Action,
        users::{Changes, ManyChanged, ManyJob, ManyOutcome, Selection},
    },
    users::{
        ExactValue, FieldError, Filter, RawUser, UserField, UserFields, UserId, UserIdKind,
        UserPatch,
    },
};

use super::{answer::Skipped, cursor::BulkCursor};
use crate::{parameters, refusals};

/// Room for as many emails as a request may name.
pub(super) const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// What cannot be the same for many users.
const NOT_COMMON: [UserField; 4] = [
    UserField::Email,
    UserField::Username,
    UserField::Password,
    UserField::PasswordHash,
];

/// A request that has passed all rules which need no database.
pub(super) struct BulkRequest {
    pub(super) job: ManyJob,
    pub(super) change: Change,
    pub(super) is_dry_run: bool,
    /// What the request says, without its cursor.
    text: String,
}

/// What is done to the users.
pub(super) enum Change {
    Update(Changes),
    Delete,
}

impl Change {
    pub(super) fn takes_rights(&self) -> bool {
        match self {
            Self::Update(changes) => changes.takes_rights(),
            Self::Delete => true,
        }
    }
}

impl BulkRequest {
    pub(super) fn parse(text: &str, action: Action, config: &Config) -> Result<Self, Error> {
        let mut fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Error::invalid_request(format!("The body is not valid: {error}")))?;
        let cursor = take(&mut fields, "cursor", "text", as_text)?;
        let text = Value::Object(fields.clone()).to_string();
        let id_kind = config.users_table.id_kind();
        let cursor = cursor
            .map(|cursor| BulkCursor::decode(&cursor, &text, id_kind))
            .transpose()?;
        let is_flag = |value: Value| value.as_bool();
        let is_dry_run = take(&mut fields, "dry_run", "true or false", is_flag)?.unwrap_or(false);
        let is_all = take(&mut fields, "all", "true or false", is_flag)?.unwrap_or(false);
        let whole_number = |value: Value| number_text(value.as_number()?).parse().ok();
        let expected = take(
            &mut fields,
            "expected_count",
            "a whole number",
            whole_number,
        )?;
        let set = match action {
            Action::BulkUpdate => take(&mut fields, "set", "an object", as_object)?,
            _ => None,
        };
        let given = Given {
            ids: take(&mut fields, "ids", "a list of ids", as_list)?,
            emails: take(&mut fields, "emails", "a list of emails", as_list)?,
            filter: take(&mut fields, "filter", "an object", as_object)?,
            is_all,
            is_dry_run,
            expected,
            cursor,
        };
        if let Some(name) = fields.keys().next() {
            let name: String = name.chars().take(40).collect();
            return Err(Error::invalid_request(format!("Unknown field {name:?}")));
        }
        let mut said = given.said();
        let change = match action {
            Action::BulkUpdate => {
                let set = set.filter(|set| !set.is_empty()).ok_or_else(|| {
                    Error::invalid_request(
                        "set must be an object with at least one of is_active, is_superuser and full_name",
                    )
                })?;
                said["set"] = set.clone().into();
                // The rows tell it, from which a person can be erased.
                if let Some(name) = said["set"].get_mut("full_name") {
                    *name = "given".into();
                }
                Change::Update(changes(set, config)?)
            }
            _ => Change::Delete,
        };
        Ok(Self {
            job: ManyJob {
                selection: given.selection(config)?,
                limit: config.bulk.max_rows,
                said,
            },
            change,
            is_dry_run,
            text,
        })
    }

    /// Why nothing is done with this number of users.
    pub(super) fn count_error(&self, count: u64) -> Option<Error> {
        match &self.job.selection {
            Selection::Filter {
                expected: Some(expected),
                ..
            } if *expected != count => Some(count_differs(count)),
            _ => None,
        }
    }

    /// Whether users who passed the filter did not do so any more when they were locked.
    pub(super) fn is_overtaken(&self, changed: &ManyChanged) -> bool {
        let is_filter = matches!(self.job.selection, Selection::Filter { .. });
        is_filter && len(&changed.users) < changed.count.min(self.limit())
    }

    /// Where to go on, if not all users were taken.
    pub(super) fn next(&self, changed: &ManyChanged) -> Option<String> {
        let is_filter = matches!(self.job.selection, Selection::Filter { .. });
        let left = changed.count.checked_sub(self.limit())?;
        let last = changed.users.last().filter(|_| is_filter && left > 0)?;
        let cursor = BulkCursor {
            after: last.id,
            left,
        };
        Some(cursor.encode(&self.text))
    }

    /// The users to whom nothing is done, and those that there are not.
    pub(super) fn skipped(&self, changed: &ManyChanged) -> Vec<Skipped<'_>> {
        let found: BTreeSet<i64> = changed
            .users
            .iter()
            .flat_map(|user| user.positions.iter().copied())
            .collect();
        let is_missing = |position: &usize| {
            !i64::try_from(position + 1).is_ok_and(|position| found.contains(&position))
        };
        let skipped = |id, email, reason| Skipped { id, email, reason };
        let mut all: Vec<_> = match &self.job.selection {
            Selection::Ids(ids) => (0..ids.len())
                .filter(is_missing)
                .map(|position| skipped(Some(ids[position]), None, "not_found"))
                .collect(),
            Selection::Emails(emails) => (0..emails.len())
                .filter(is_missing)
                .map(|position| skipped(None, Some(emails[position].as_str()), "not_found"))
                .collect(),
            Selection::Filter { .. } => Vec::new(),
        };
        all.extend(changed.users.iter().filter_map(|user| {
            let reason = match user.outcome() {
                ManyOutcome::Unchanged => "unchanged",
                ManyOutcome::OwnRights => "self",
                ManyOutcome::LastSuperuser => "last_superuser",
                ManyOutcome::Referenced => "referenced",
                ManyOutcome::Done => return None,
            };
            Some(skipped(Some(user.id), None, reason))
        }));
        all
    }

    fn limit(&self) -> u64 {
        u64::try_from(self.job.limit).unwrap_or(u64::MAX)
    }
}

/// Who is meant, as the request says it.
struct Given {
    ids: Option<Vec<Value>>,
    emails: Option<Vec<Value>>,
    filter: Option<Map<String, Value>>,
    is_all: bool,
    is_dry_run: bool,
    expected: Option<u64>,
    cursor: Option<BulkCursor>,
}

impl Given {
    fn selection(self, config: &Config) -> Result<Selection, Error> {
        let belongs_to_filter = self.is_all || self.expected.is_some() || self.cursor.is_some();
        match (self.ids, self.emails, self.filter) {
            (Some(_), None, None) | (None, Some(_), None) if belongs_to_filter => Err(
                Error::invalid_request("all, expected_count and cursor are for a filter alone"),
            ),
            (Some(ids), None, None) => ids_of(&ids, config).map(Selection::Ids),
            (None, Some(emails), None) => emails_of(&emails, config).map(Selection::Emails),
            (None, None, Some(filter)) => {
                let filter = parameters::filter_of(&filter, &config.users_table)?;
                if filter == Filter::default() && !self.is_all {
                    return Err(Error::invalid_request(
                        "An empty filter means all users; say so with \"all\": true",
                    ));
                }
                if self.expected.is_none() && !self.is_dry_run {
                    return Err(Error::invalid_request(
                        "expected_count is required with a filter: the count that a dry run tells",
                    ));
                }
                let cursor = self.cursor;
                Ok(Selection::Filter {
                    filter: Box::new(filter),
                    after: cursor.map(|cursor| cursor.after),
                    expected: self
                        .expected
                        .map(|expected| cursor.map_or(expected, |cursor| cursor.left)),
                })
            }
            _ => Err(Error::invalid_request(
                "The body must have exactly one of ids, emails and filter",
            )),
        }
    }

    /// What the log says of it. Values of persons are not told.
    fn said(&self) -> Value {
        let Some(filter) = &self.filter else {
            return json!({});
        };
        let told = ["is_active", "is_superuser", "created_from", "created_to"];
        let conditions = filter.iter().map(|(name, value)| {
            let is_told = told.contains(&name.as_str());
            (
                name.clone(),
                if is_told {
                    value.clone()
                } else {
                    "given".into()
                },
            )
        });
        json!({ "filter": conditions.collect::<Map<_, _>>() })
    }
}

fn changes(set: Map<String, Value>, config: &Config) -> Result<Changes, Error> {
    let row = RawUser::from_json(&Value::Object(set).to_string());
    let not_common = NOT_COMMON.into_iter().filter(|field| row.is_given(*field));
    let errors: Vec<_> = not_common
        .map(|field| {
            let message = format!("{} cannot be the same for many users", field.name());
            FieldError {
                field: Some(field.name()),
                ..FieldError::of_row("not_allowed", message)
            }
        })
        .collect();
    if !errors.is_empty() {
        return Err(refusals::invalid(errors));
    }
    let fields = UserFields::of_table(&config.users_table);
    let patch = UserPatch::parse(row, None, fields).map_err(refusals::invalid)?;
    Ok(Changes {
        full_name: patch.full_name,
        is_active: patch.is_active,
        is_superuser: patch.is_superuser,
        extra: patch.extra,
        ..Changes::default()
    })
}

/// Ids in the order of the request, each once.
fn ids_of(values: &[Value], config: &Config) -> Result<Vec<UserId>, Error> {
    check_length("ids", values, config)?;
    let id_kind = config.users_table.id_kind();
    let parse = |value: &Value| match value {
        Value::Number(number) if id_kind == UserIdKind::Integer => {
            UserId::parse(&number_text(number), id_kind)
        }
        Value::String(text) if id_kind != UserIdKind::Integer => UserId::parse(text, id_kind),
        _ => None,
    };
    let mut seen = BTreeSet::new();
    let mut ids = Vec::with_capacity(values.len());
    for value in values {
        let id = parse(value)
            .ok_or_else(|| Error::invalid_request("ids must be ids of users, such as 7"))?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn emails_of(values: &[Value], config: &Config) -> Result<Vec<ExactValue>, Error> {
    check_length("emails", values, config)?;
    let mapping = config.users_table.mapping();
    if mapping.is_some_and(|mapping| !mapping.are_emails_unique()) {
        return Err(Error::invalid_request(
            "emails is not available: emails of this table are not unique, so an email does not say which user is \
             meant",
        ));
    }
    let parse = |value: &Value| {
        let text = value.as_str().ok_or("be texts".to_owned());
        text.and_then(ExactValue::parse)
            .map_err(|rule| Error::invalid_request(format!("emails must {rule}")))
    };
    values.iter().map(parse).collect()
}

fn check_length(name: &str, values: &[Value], config: &Config) -> Result<(), Error> {
    let most = config.bulk.max_rows;
    if values.is_empty() {
        return Err(Error::invalid_request(format!("{name} must not be empty")));
    }
    if values.len() > most {
        return Err(Error::TooLarge {
            message: format!("{name} may have at most {most} users; send several requests"),
        });
    }
    Ok(())
}

/// Takes a field out of the body.
fn take<T>(
    fields: &mut Map<String, Value>,
    name: &str,
    what: &str,
    read: impl Fn(Value) -> Option<T>,
) -> Result<Option<T>, Error> {
    match fields.remove(name) {
        None => Ok(None),
        Some(value) => read(value)
            .map(Some)
            .ok_or_else(|| Error::invalid_request(format!("{name} must be {what}"))),
    }
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn as_list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn len<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// The answer to a filter that other users pass than was expected.
pub(super) fn count_differs(count: u64) -> Error {
    Error::NotPossible {
        code: "count_differs",
        message: "Not as many users as expected pass the filter, see count; look at them and send the request again with the new expected_count",
        more: Some(("count", count.into())),
    }
}
