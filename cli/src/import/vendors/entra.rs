//! Microsoft Entra ID: downloads of users, the file for creating them in bulk, and lists of Microsoft Graph. Active
//! Directory, by PowerShell.

use super::read::{Found, joined, none_set, password, scalar, text, time};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;

const USER_NAME: &str = "User name [userPrincipalName] Required";

pub(super) const ENTRA: Vendor = Vendor {
    name: "Microsoft Entra ID",
    signs: &[
        &["userPrincipalName", "displayName"],
        &["userPrincipalName", "SamAccountName"],
        &[USER_NAME],
    ],
    rules: &[
        Rule::new(
            Field::Email,
            &[
                "mail",
                "EmailAddress",
                "otherMails.0",
                "userPrincipalName",
                USER_NAME,
            ],
            email,
        ),
        Rule::new(Field::Username, &["userPrincipalName", USER_NAME], text),
        Rule::new(
            Field::FullName,
            &["displayName", "Name [displayName] Required"],
            text,
        ),
        Rule::new(
            Field::FullName,
            &[
                "givenName",
                "surname",
                "First name [givenName]",
                "Last name [surname]",
            ],
            joined,
        ),
        Rule::new(
            Field::Password,
            &["Initial password [passwordProfile] Required"],
            password,
        ),
        Rule::new(Field::IsActive, &["accountEnabled", "Enabled"], text),
        Rule::new(
            Field::IsActive,
            &[
                "Block sign in (Yes/No) [accountEnabled] Required",
                "Block credential",
            ],
            none_set,
        ),
        Rule::new(Field::CreatedAt, &["createdDateTime", "When created"], time),
    ],
    ..Vendor::DEFAULT
};

/// The principal name of a guest is made of an address and is none.
fn email(found: &Found<'_>, _: &Context) -> Option<String> {
    let mut addresses = found.iter().filter_map(|value| scalar(value));
    addresses.find(|address| !address.contains("#EXT#"))
}
