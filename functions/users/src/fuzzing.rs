//! What fuzzers start from.

use lambda_http::Request;
use shared::{
    platform::{config::UsersTable, error::Error},
    users::ListQuery,
};

/// Reads the parameters of a list.
pub fn read(request: &Request) -> Result<ListQuery, Error> {
    crate::parameters::parse(request, &UsersTable::Unspecified)
}
