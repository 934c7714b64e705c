//! The frame around every handler: route, authentication, deadline, and errors turned into
//! responses.

use std::{future::Future, sync::Arc};

use lambda_http::{Request, RequestExt, service_fn};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::{
    auth::Superuser,
    database::Unavailable,
    deadline::Deadline,
    error::{Error, chain},
    http::{
        response::{self, Response},
        route::{self, Access, Route},
    },
    metrics,
    shutdown::Shutdown,
    state::State,
};

/// One Lambda function that answers HTTP requests.
pub trait Function: Send + Sync + 'static {
    /// The routes that it answers. The frame answers everything else with 404 or 405, and asks for
    /// a superuser where a route says so.
    const ROUTES: &'static [Route];

    /// What the environment keeps.
    fn state(&self) -> &State;

    /// Answers one request that has passed the frame.
    fn handle(&self, call: &Call) -> impl Future<Output = Result<Response, Error>> + Send;
}

/// A request that has passed the frame.
#[derive(Debug)]
pub struct Call {
    /// The request as the gateway sent it.
    pub request: Request,
    /// The route that it takes.
    pub route: &'static Route,
    /// When it must be answered.
    pub deadline: Deadline,
    /// Who sent it, where the route asks.
    pub caller: Option<Superuser>,
}

/// Serves requests until Lambda ends the environment, and then lets those under way finish.
pub async fn run<F: Function>(function: F) -> Result<(), lambda_http::Error> {
    let function = Arc::new(function);
    let (shutdown, announcement) = Shutdown::expect().await;
    let service = {
        let function = Arc::clone(&function);
        let shutdown = shutdown.clone();
        service_fn(move |request: Request| {
            let function = Arc::clone(&function);
            let shutdown = shutdown.clone();
            async move {
                Ok::<_, std::convert::Infallible>(
                    respond(function.as_ref(), &shutdown, request).await,
                )
            }
        })
    };
    let runtime = lambda_http::runtime_concurrent(service).layer(shutdown.invocations());
    tokio::select! {
        outcome = runtime.run_concurrent() => outcome,
        () = shutdown.come(announcement) => {
            function.state().database.close().await;
            Ok(())
        }
    }
}

/// Answers one request, whatever happens: an error that reached the runtime would be a bare 500 of
/// the gateway's.
async fn respond<F: Function>(function: &F, shutdown: &Shutdown, request: Request) -> Response {
    let (request_id, invocation_end_ms) = match request.lambda_context_ref() {
        Some(context) => (context.request_id.clone(), context.deadline),
        None => (String::new(), 0),
    };
    let deadline = Deadline::from_now(function.state().config.request_timeout, invocation_end_ms);
    let started = Instant::now();
    let span = tracing::info_span!("request", request_id);
    let answer = timeout_at(deadline.instant(), answer(function, request, deadline));
    let outcome = tokio::select! {
        outcome = answer.instrument(span.clone()) => outcome.unwrap_or_else(|_| {
            Err(Error::Timeout {
                seconds: deadline.budget_in_seconds(),
            })
        }),
        () = shutdown.cut_off() => Err(Error::DatabaseUnavailable(Unavailable::shutting_down())),
    };
    let mut response = outcome.unwrap_or_else(|error| {
        span.in_scope(|| log(&error));
        response::error(&error, &request_id)
    });
    response::finish(&mut response, &request_id);
    metrics::finish_request(
        response.status(),
        started.elapsed(),
        function.state().database.status(),
    );
    response
}

async fn answer<F: Function>(
    function: &F,
    request: Request,
    deadline: Deadline,
) -> Result<Response, Error> {
    let route = route::find(F::ROUTES, request.method(), request.raw_http_path())?;
    let state = function.state();
    let caller = match route.access {
        Access::Open => None,
        Access::Superuser => {
            let caller = state
                .authenticator
                .superuser(&request, &state.database, &deadline);
            Some(caller.await?)
        }
    };
    let call = Call {
        request,
        route,
        deadline,
        caller,
    };
    function.handle(&call).await
}

/// Logs a failed request once, with its causes: loudly if the fault is on our side.
fn log(error: &Error) {
    let public = error.public();
    if public.status.is_server_error() {
        tracing::error!(
            status = public.status.as_u16(),
            code = public.code,
            error = chain(error),
            "request failed"
        );
    } else {
        tracing::info!(
            status = public.status.as_u16(),
            code = public.code,
            error = chain(error),
            "request refused"
        );
    }
}
