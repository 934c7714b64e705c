//! What a handler knows of its request.

use lambda_http::Request;

use crate::platform::{
    actor::Actor, database::reader::Reader, deadline::Deadline, error::Error,
    http::path_parameters::PathParameters, valkey::TimeBudget,
};

/// A request that has passed the frame.
pub struct RequestContext {
    /// The request as the gateway sent it.
    pub request: Request,
    /// The path of its route.
    pub route: &'static str,
    /// What its own path says where that has names in braces.
    pub parameters: PathParameters,
    /// When it must be answered.
    pub deadline: Deadline,
    /// Who sent it, where the route asks.
    pub(super) actor: Option<Actor>,
    /// Reads what need not be newer than the write that the caller names.
    pub reader: Reader,
    /// What it may still spend on the Valkey server.
    pub budget: TimeBudget,
}

impl RequestContext {
    /// Who sent the request. Fails on a route that is open to everybody.
    pub fn actor(&self) -> Result<&Actor, Error> {
        self.actor
            .as_ref()
            .ok_or_else(|| Error::internal("finding the caller", "the route asks for none"))
    }
}
