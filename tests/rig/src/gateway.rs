//! HTTP the way a Lambda function meets it: requests become gateway events, answers come back from
//! response events.

mod events;
mod failures;
mod request;
mod response;
mod server;

pub use request::Request;
pub use response::Response;
pub use server::GatewayServer;

/// The services that turn HTTP into events, each in its own shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// API Gateway HTTP API, payload format 2.0.
    HttpApi,
    /// API Gateway REST API, payload format 1.0, with a stage.
    RestApi,
    /// An Application Load Balancer without multi-value headers, which is its default.
    LoadBalancer,
    /// A function URL, payload format 2.0.
    FunctionUrl,
}

impl Gateway {
    /// All of them, for tests that go through each.
    pub const ALL: [Self; 4] = [
        Self::HttpApi,
        Self::RestApi,
        Self::LoadBalancer,
        Self::FunctionUrl,
    ];
}
