//! What the functions of rollcall share: everything that more than one of them needs, and the only
//! code that knows the database, Secrets Manager and tokens.
//!
//! - [`platform`] is what every service needs: the way of a request from Lambda to a handler and back,
//!   configuration, connections. It knows no table.
//! - [`users`] are the domain's types. Input types exist only with valid values.
//! - [`store`] is where all SQL lives.

pub mod platform;
pub mod store;
pub mod users;

use lambda_http::BoxFuture;

use platform::{
    actor::Actor,
    auth::{Caller, SubjectKey},
    config::ConfigError,
    database::{Database, reader::Reader},
    deadline::Deadline,
    error::Error,
    function::{self, Function},
    runtime,
    state::{State, StoreQueries},
};

/// Serves a function until Lambda ends the environment: the `main` of every function that answers HTTP
/// requests. `name` names it in the server's list of connections.
pub fn serve<F: Function>(
    name: &str,
    make: impl FnOnce(State) -> Result<F, ConfigError>,
) -> Result<(), lambda_http::Error> {
    let queries = StoreQueries {
        find_rights,
        note_forbidden,
    };
    runtime::block_on(function::run(name, queries, make))
}

fn note_forbidden<'a>(
    database: &'a Database,
    deadline: &'a Deadline,
    actor: &'a Actor,
    route: &'a str,
) -> BoxFuture<'a, ()> {
    Box::pin(store::audit::note_forbidden(
        database, deadline, actor, route,
    ))
}

fn find_rights<'a>(
    reader: &'a Reader,
    subject: &'a SubjectKey,
    deadline: &'a Deadline,
) -> BoxFuture<'a, Result<Option<Caller>, Error>> {
    Box::pin(reader.read(deadline, move |mut lease| async move {
        (store::callers::find(&mut lease, subject).await, lease)
    }))
}
