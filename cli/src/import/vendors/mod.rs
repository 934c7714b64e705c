//! How other systems write their users: one file each, with what becomes of which value.

mod auth0;
mod cognito;
mod devise;
mod django;
mod entra;
mod firebase;
mod google;
mod keycloak;
mod kratos;
mod okta;
pub(super) mod read;
mod supabase;
mod wordpress;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

pub(super) use self::firebase::{HashParameters, UNVERIFIABLE};
use self::read::Found;
use super::field::{Field, letters};
use super::row::Row;

/// The system that wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// Export of users, dump with password hashes, or file for its import
    Auth0,
    /// What auth:export writes
    Firebase,
    /// What list-users or admin-get-user answers, or the CSV file for its import
    Cognito,
    /// Export of a realm, or list of its API
    Keycloak,
    /// List of its API, or CSV
    Okta,
    /// CSV of the portal, list of Microsoft Graph, or `Get-ADUser`
    Entra,
    /// CSV of the Google Workspace console, list of its API, or CSV of GAM
    Google,
    /// `dumpdata`, or `auth_user` as CSV
    Django,
    /// Identities of Ory Kratos
    Kratos,
    /// auth.users as CSV, or list of its API
    Supabase,
    /// `wp_users` as CSV, or what `wp user list` prints
    Wordpress,
    /// A table of Rails as CSV
    Devise,
    /// None of them: the columns are those of the API, or are given by --map
    Rollcall,
}

/// How a system writes its users.
pub(super) struct Vendor {
    pub(super) name: &'static str,
    /// Names of columns or members. A file that has all of one line is from this system.
    signs: &'static [&'static [&'static str]],
    /// The rules of a field are tried one after the other.
    pub(super) rules: &'static [Rule],
    /// The columns of CSV without a header row.
    pub(super) columns: &'static [&'static str],
    /// Brings what is read into the form of the rules.
    pub(super) prepare: fn(Row) -> Row,
    /// Which accounts are not users.
    pub(super) left_out: fn(&Row) -> Option<&'static str>,
}

/// What becomes of some values.
pub(super) struct Rule {
    pub(super) field: Field,
    /// Where the values are.
    pub(super) paths: &'static [&'static str],
    pub(super) read: Read,
}

/// Reads a field from the values at the paths of its rule.
pub(super) type Read = fn(&Found<'_>, &Context) -> Option<String>;

/// What values are read with beside themselves.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) now: DateTime<Utc>,
    pub(super) hash_parameters: Option<HashParameters>,
}

impl Rule {
    const fn new(field: Field, paths: &'static [&'static str], read: Read) -> Self {
        Self { field, paths, read }
    }
}

impl Vendor {
    const DEFAULT: Self = Self {
        name: "",
        signs: &[],
        rules: &[],
        columns: &[],
        prepare: |row| row,
        left_out: |_| None,
    };

    /// The system that writes files with these columns or members, if nothing else does.
    pub(super) fn detect(columns: &[String]) -> Option<&'static Self> {
        let columns: Vec<_> = columns.iter().map(|column| letters(column)).collect();
        let has_all = |sign: &&[&str]| sign.iter().all(|name| columns.contains(&letters(name)));
        let vendors = System::value_variants().iter();
        let mut vendors = vendors.filter_map(|system| system.vendor());
        vendors.find(|vendor| vendor.signs.iter().any(has_all))
    }

    /// The system that writes CSV whose first row is this one, without a header row.
    pub(super) fn without_header(cells: &[String]) -> Option<&'static Self> {
        let vendor = &firebase::FIREBASE;
        let is_flag = |cell: &String| ["true", "false"].contains(&cell.as_str());
        let is_long = cells.len() >= vendor.columns.len() - 1;
        (is_long && cells.get(2).is_some_and(is_flag)).then_some(vendor)
    }
}

impl System {
    /// How it writes its users.
    pub(super) fn vendor(self) -> Option<&'static Vendor> {
        Some(match self {
            Self::Auth0 => &auth0::AUTH0,
            Self::Firebase => &firebase::FIREBASE,
            Self::Cognito => &cognito::COGNITO,
            Self::Keycloak => &keycloak::KEYCLOAK,
            Self::Okta => &okta::OKTA,
            Self::Entra => &entra::ENTRA,
            Self::Google => &google::GOOGLE,
            Self::Django => &django::DJANGO,
            Self::Kratos => &kratos::KRATOS,
            Self::Supabase => &supabase::SUPABASE,
            Self::Wordpress => &wordpress::WORDPRESS,
            Self::Devise => &devise::DEVISE,
            Self::Rollcall => return None,
        })
    }
}
