//! Columns of the application that administrators look at beside the fields of a user.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    facts::{Column, Table},
    names,
};
use crate::extra_fields::ExtraFields;

/// None of them holds a secret: what may be one is not in a list of names that are known.
const NAMES: &[&str] = &[
    "role",
    "phone",
    "phonenumber",
    "telephone",
    "mobile",
    "locale",
    "language",
    "lang",
    "timezone",
    "department",
    "jobtitle",
    "title",
    "position",
    "company",
    "companyname",
    "organization",
    "country",
    "city",
    "gender",
    "birthdate",
    "birthday",
    "dateofbirth",
    "avatar",
    "avatarurl",
    "picture",
    "bio",
    "website",
    "plan",
    "tier",
    "employeeid",
    "employeenumber",
    "externalid",
    "emailverified",
    "emailconfirmed",
    "isemailverified",
    "isverified",
    "verified",
];

/// Those that neither a field nor another table needs.
pub(super) fn columns(table: &Table, id: &str, written: &BTreeSet<String>) -> ExtraFields {
    let is_right = |column: &Column| {
        let is_value = matches!(column.category.as_str(), "S" | "E" | "N" | "B" | "D")
            || matches!(column.base_type.as_str(), "uuid" | "json" | "jsonb");
        is_value
            && !column.is_generated
            && !column.is_reference
            && !column.is_identity
            && column.name != id
            && !written.contains(&column.name)
    };
    let found = names::all(table, NAMES, is_right).into_iter();
    let columns: BTreeMap<_, _> = found
        .map(|column| (column.name.clone(), column.name.clone()))
        .filter(|(name, _)| ExtraFields::is_possible(name))
        .collect();
    ExtraFields::new(columns)
}
