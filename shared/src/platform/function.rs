//! The frame around every handler: route, authentication, rate limit, deadline, and errors turned into
//! responses.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use lambda_http::{Request, RequestExt, lambda_runtime, service_fn};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, field::Empty};

use crate::platform::{
    actor::{Actor, Written},
    config::ConfigError,
    consistency_token::{CONSISTENCY_TOKEN, ConsistencyToken},
    deadline::Deadline,
    error::{Error, Reason, Unavailable, chain},
    event_adapter::EventAdapter,
    http::{
        response::{self, Response},
        router::{Access, Route, Router},
        source_address::source_address,
    },
    limiter::RateLimitDecision,
    metrics,
    request_context::RequestContext,
    shutdown::Shutdown,
    state::{State, StoreQueries},
    valkey::TimeBudget,
};

/// How often the runtime polls all tasks until a request to a server on the same machine is connected and
/// written.
const TURNS_OF_A_REQUEST: u32 = 4;

/// One Lambda function that answers HTTP requests.
pub trait Function: Sized + Send + Sync + 'static {
    /// The endpoints. The frame answers everything else with 404 or 405, and asks for a superuser where
    /// a route says so.
    const ROUTES: &'static [Route<Self>];

    /// What the environment keeps.
    fn state(&self) -> &State;
}

/// Starts an environment, serves requests until Lambda ends it, and then lets those under way finish.
///
/// `name` names the function in the server's list of connections.
pub async fn run<F: Function>(
    name: &str,
    queries: StoreQueries,
    make: impl FnOnce(State) -> Result<F, ConfigError>,
) -> Result<(), lambda_http::Error> {
    // Side by side, because both wait for somebody else's answers.
    let ((shutdown, announcement), state) = tokio::join!(Shutdown::expect(), async {
        // Starting computes before it waits, and the extension's request shall be on its way by then.
        for _ in 0..TURNS_OF_A_REQUEST {
            tokio::task::yield_now().await;
        }
        State::start(name, queries).await
    });
    let function = Arc::new(make(state?)?);
    let router = Arc::new(Router::new(F::ROUTES)?);
    let service = {
        let function = Arc::clone(&function);
        let shutdown = shutdown.clone();
        service_fn(move |request: Request| {
            let function = Arc::clone(&function);
            let router = Arc::clone(&router);
            let shutdown = shutdown.clone();
            async move {
                let response = respond(function.as_ref(), &router, &shutdown, request).await;
                Ok::<_, std::convert::Infallible>(response)
            }
        })
    };
    let runtime =
        lambda_runtime::Runtime::new(EventAdapter::new(service)).layer(shutdown.invocations());
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
async fn respond<F: Function>(
    function: &F,
    router: &Router<F>,
    shutdown: &Shutdown,
    request: Request,
) -> Response {
    let (request_id, trace_id, invocation_end_ms) = match request.lambda_context_ref() {
        Some(context) => (
            context.request_id.clone(),
            context.xray_trace_id.clone(),
            context.deadline,
        ),
        None => (String::new(), None, 0),
    };
    let deadline = Deadline::from_now(function.state().config.request_timeout, invocation_end_ms);
    let started = Instant::now();
    // Of the level of errors, so that whatever is logged says what it is about.
    let span = tracing::error_span!(
        "request",
        request_id,
        trace_id,
        traceparent = traceparent(&request),
        route = Empty,
        caller_id = Empty,
    );
    let mut decision = None;
    let answered = caught(answer(
        function,
        router,
        request,
        &request_id,
        deadline,
        &mut decision,
    ));
    let answered = timeout_at(deadline.instant(), answered);
    let outcome = tokio::select! {
        outcome = answered.instrument(span.clone()) => outcome.unwrap_or_else(|_| {
            Err(Error::Timeout {
                seconds: deadline.budget_in_seconds(),
            })
        }),
        () = shutdown.cancelled() => Err(Error::DatabaseUnavailable(Unavailable::without_source(
            Reason::ShuttingDown,
        ))),
    };
    let duration = started.elapsed();
    span.in_scope(|| log(&outcome, duration));
    let mut response = outcome.unwrap_or_else(|error| response::error(&error, &request_id));
    if let Some(decision) = decision {
        decision.write_headers(response.headers_mut());
    }
    response::finish(&mut response, &request_id);
    let connections = function.state().database.status();
    metrics::finish_request(
        response.status(),
        duration,
        connections.open,
        connections.max,
    );
    response
}

async fn answer<F: Function>(
    function: &F,
    router: &Router<F>,
    request: Request,
    request_id: &str,
    deadline: Deadline,
    decision: &mut Option<RateLimitDecision>,
) -> Result<Response, Error> {
    let (route, parameters) = router.find(request.method(), request.raw_http_path())?;
    Span::current().record("route", format!("{} {}", route.method, route.path));
    let state = function.state();
    let budget = TimeBudget::new(state.config.valkey_timeout());
    let after = ConsistencyToken::from_headers(request.headers());
    let reader = state.database.reader(*after.as_ref().unwrap_or(&None));
    let actor = match route.access {
        Access::Open => None,
        Access::Active | Access::Superuser => {
            let subject = state.authenticator.subject(&request, &deadline).await?;
            // Before the database is asked who that is: it is what the limit protects.
            if let Some(limiter) = &state.limiter {
                *decision = limiter.count(&subject.key.pseudonym(), &budget).await;
            }
            if let Some(decision) = decision
                && !decision.is_admitted()
            {
                return Err(Error::RateLimited {
                    retry_after_seconds: decision.retry_after_seconds(),
                });
            }
            let authenticator = &state.authenticator;
            let (id, is_admitted) = if route.access == Access::Superuser {
                authenticator
                    .find_superuser(&subject, &reader, &deadline)
                    .await?
            } else {
                let id = authenticator
                    .require_active(&subject, &reader, &deadline)
                    .await?;
                (id, true)
            };
            let actor = Actor {
                id,
                request_id: request_id.to_owned(),
                source_address: source_address(&request),
                is_logged: state.config.audit.is_on,
                written: Written::default(),
            };
            if !is_admitted {
                let State {
                    database, refusals, ..
                } = state;
                let route = format!("{} {}", route.method, route.path);
                refusals.note(database, &deadline, &actor, &route).await;
                return Err(Error::Forbidden);
            }
            Some(actor)
        }
    };
    after?;
    let context = RequestContext {
        request,
        route: route.path,
        parameters,
        deadline,
        actor,
        reader,
        budget,
    };
    let mut response = (route.handler)(function, &context).await?;
    if let Some(token) = context.actor.and_then(|actor| actor.written.token()) {
        let headers = response.headers_mut();
        headers.insert(CONSISTENCY_TOKEN, token.to_header());
    }
    Ok(response)
}

/// Makes an error of a panic. What the panic said is on standard error already, and nothing else of the
/// request is used again: its connection goes with the future.
async fn caught<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let outcome = AssertUnwindSafe(answer).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(Error::internal("answering", "a panic")))
}

/// The trace that the caller says the request belongs to (W3C Trace Context), if it has that form.
fn traceparent(request: &Request) -> Option<&str> {
    let value = request.headers().get("traceparent")?.to_str().ok()?;
    let parts: Vec<_> = value.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    (lengths == [2, 32, 16, 2] && parts.iter().all(is_hex)).then_some(value)
}

/// Logs a request once. A failed one has its causes, and is loud if the fault is on our side.
fn log(outcome: &Result<Response, Error>, duration: Duration) {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let error = match outcome {
        Ok(response) => {
            let status = response.status().as_u16();
            return tracing::info!(status, duration_ms, "request answered");
        }
        Err(error) => error,
    };
    let public = error.public();
    if public.status.is_server_error() {
        tracing::error!(
            duration_ms,
            status = public.status.as_u16(),
            code = public.code,
            error = chain(error),
            "request failed"
        );
    } else {
        tracing::info!(
            duration_ms,
            status = public.status.as_u16(),
            code = public.code,
            error = chain(error),
            "request refused"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_like_any_fault_of_ours() {
        let handler = async { panic!("a bug") };
        let outcome: Result<(), Error> = caught(handler).await;
        assert_eq!(outcome.unwrap_err().public().code, "internal");
    }
}
