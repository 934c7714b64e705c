//! Where the users are, if they are not in rollcall's own table.

use users_table::UsersTable;

use super::variables::{ConfigError, Variables};

const VARIABLE: &str = "USERS_TABLE";

/// `USERS_TABLE` in the environment of this process.
pub fn users_table() -> Result<UsersTable, ConfigError> {
    read(&Variables::of_process())
}

pub(super) fn read(variables: &Variables) -> Result<UsersTable, ConfigError> {
    let text = variables.optional(VARIABLE).unwrap_or_default();
    UsersTable::parse(text).map_err(|error| ConfigError::new(VARIABLE, error.to_string()))
}
