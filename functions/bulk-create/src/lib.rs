//! `POST /api/v1/users/bulk`: many users at once, all or none.

mod answer;
mod body;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod import;
mod keyed;
#[cfg(feature = "openapi")]
pub mod openapi;
mod options;
mod passwords;

use lambda_http::http::{HeaderValue, Method};
use shared::{
    platform::{
        config::ConfigError,
        error::Error,
        function::Function,
        http::{
            response::Response,
            router::{Access, Route},
        },
        idempotency::REPLAYED,
        request_context::RequestContext,
        state::State,
    },
    store::idempotency::{Earlier, FindEarlier, IdempotentRequest},
};

use self::{
    body::Payload,
    import::{ImportJob, ImportOutcome},
    options::{Options, PREFERENCE_APPLIED},
    passwords::Hasher,
};

/// The function's state.
pub struct BulkCreate {
    state: State,
    hasher: Hasher,
}

impl BulkCreate {
    /// Wraps the state.
    pub fn new(state: State) -> Result<Self, ConfigError> {
        let hasher = Hasher::new(state.config.bulk.argon2)?;
        Ok(Self { state, hasher })
    }
}

impl Function for BulkCreate {
    const ROUTES: &'static [Route<Self>] = &[Route {
        method: Method::POST,
        path: "/api/v1/users/bulk",
        access: Access::Superuser,
        handler: |function, context| Box::pin(function.create(context)),
    }];

    fn state(&self) -> &State {
        &self.state
    }
}

impl BulkCreate {
    async fn create(&self, context: &RequestContext) -> Result<Response, Error> {
        let options = Options::parse(&context.request)?;
        let payload = Payload::read(&context.request)?;
        let keyed = keyed::request(context, options, &payload, &self.hasher).await?;
        // A repeated request is answered before its passwords are hashed again.
        if let Some(request) = &keyed {
            match self.find_earlier(context, request).await? {
                Earlier::None => {}
                Earlier::OtherRequest => return Err(Error::IdempotencyMismatch),
                Earlier::Answer(answer) => {
                    let is_replayed = true;
                    return Ok(response(
                        ImportOutcome {
                            answer,
                            is_replayed,
                        },
                        options,
                    ));
                }
            }
        }
        let batch = payload.users(self.state.config.bulk.max_rows, options.accepted_hashes)?;
        drop(payload);
        let (users, lines) = batch.into_parts();
        let rows = passwords::into_rows(users, options.is_dry_run, &self.hasher, &context.deadline)
            .await?;
        let order = ImportJob {
            rows: &rows,
            lines: &lines,
            options,
            keyed: keyed.as_ref(),
        };
        let given = import::run(&self.state.database, &context.deadline, &order).await?;
        Ok(response(given, options))
    }

    async fn find_earlier(
        &self,
        context: &RequestContext,
        request: &IdempotentRequest,
    ) -> Result<Earlier, Error> {
        let find = FindEarlier { request };
        self.state.database.read(&context.deadline, &find).await
    }
}

fn response(given: ImportOutcome, options: Options) -> Response {
    let mut response = Response::from(given.answer);
    let headers = response.headers_mut();
    if given.is_replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if options.is_minimal {
        let (name, value) = PREFERENCE_APPLIED;
        headers.insert(name, value);
    }
    response
}
