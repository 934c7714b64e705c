//! `POST /api/v1/users/bulk`: many users at once, all or none.

mod answer;
mod body;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod import;
#[cfg(feature = "openapi")]
pub mod openapi;
mod options;
mod passwords;

use lambda_http::http::{HeaderValue, Method, StatusCode};
use shared::{
    platform::{
        config::{ConfigError, UsersMapping},
        database::Lease,
        error::Error,
        function::Function,
        http::{
            response::Response,
            router::{Access, Route},
        },
        idempotency::{IdempotencyKey, IdempotentRequest, REPLAYED, StoredResponse},
        idempotent_request,
        password_hasher::PasswordHasher,
        request_context::RequestContext,
        state::State,
    },
    store::{
        audit::{self, Action, NewEntry},
        bulk::OnConflict,
        idempotency::{self, StoredRow},
        mapping::UserWrites,
    },
    users::UserFields,
};

use self::{
    body::Payload,
    import::{ImportJob, ImportOutcome},
    options::{Options, PREFERENCE_APPLIED},
};

/// The function's state.
pub struct BulkCreate {
    state: State,
    hasher: PasswordHasher,
}

impl BulkCreate {
    /// Wraps the state.
    pub fn new(state: State) -> Result<Self, ConfigError> {
        let hasher = PasswordHasher::new(&state.config.bulk)?;
        Ok(Self { state, hasher })
    }
}

impl Function for BulkCreate {
    const ROUTES: &'static [Route<Self>] = &[Route {
        method: Method::POST,
        path: "/api/v1/users/bulk",
        access: Access::Superuser,
        handler: |function, context| {
            Box::pin(async {
                match function.create(context).await {
                    Ok(response) => Ok(response),
                    Err(error) => {
                        function.note(context, &error).await;
                        Err(error.nothing_was("imported"))
                    }
                }
            })
        },
    }];

    fn state(&self) -> &State {
        &self.state
    }
}

impl BulkCreate {
    async fn create(&self, context: &RequestContext) -> Result<Response, Error> {
        let options = Options::parse(&context.request)?;
        let payload = Payload::read(&context.request)?;
        let options_text = options.fingerprint();
        let parts = [options_text.as_str(), payload.format().name()];
        let keyed = if options.is_dry_run {
            // It changes nothing that could be repeated, so its key is only checked.
            IdempotencyKey::from_headers(context.request.headers())?;
            None
        } else {
            idempotent_request::read(context, &parts, payload.text(), &self.hasher).await?
        };
        // A repeated request is answered before its passwords are hashed again.
        if let Some(request) = &keyed
            && let Some(row) = self.find_stored(context, request).await?
        {
            return Ok(to_response(
                row.response_to(request, context.actor()?)?,
                true,
                options,
            ));
        }
        let config = &self.state.config.bulk;
        let table = &self.state.config.users_table;
        if options.keeps_ids && table.mapping().is_some() {
            return Err(Error::invalid_request(
                "Parameter keep_ids is not available where users are in the table of another application",
            ));
        }
        if options.on_conflict != OnConflict::Update {
            table.allow_new_users().map_err(Error::invalid_request)?;
        }
        let are_emails_unique = table.mapping().is_none_or(UsersMapping::are_emails_unique);
        if options.on_conflict != OnConflict::Fail && !are_emails_unique {
            return Err(Error::invalid_request(
                "Parameter on_conflict must be fail: emails of this table are not unique, so an email does not say \
                 which user is meant",
            ));
        }
        let fields = UserFields::of(table, config);
        let users = payload.users(
            config.max_rows,
            options.keeps_ids,
            options.accepted_hashes,
            fields,
            options.is_guarded,
        )?;
        drop(payload);
        let rows = passwords::into_rows(
            users,
            options.is_dry_run,
            &self.hasher,
            config.max_passwords,
            &context.deadline,
        )
        .await?;
        let job = ImportJob {
            rows: &rows,
            options,
            keyed: keyed.as_ref(),
            writes: UserWrites::new(table.mapping()),
        };
        let database = &self.state.database;
        let ImportOutcome {
            response,
            is_replayed,
            losers,
        } = import::run(database, &context.deadline, context.actor()?, &job).await?;
        for id in losers {
            self.state.authenticator.forget(id);
        }
        Ok(to_response(response, is_replayed, options))
    }

    /// Tells the log of changes of an import that was refused for what is stored.
    async fn note(&self, context: &RequestContext, error: &Error) {
        let public = error.public();
        let is_refused = public.status == StatusCode::CONFLICT
            && !matches!(error, Error::IdempotencyInProgress)
            && Options::parse(&context.request).is_ok_and(|options| !options.is_dry_run);
        let (true, Ok(actor)) = (is_refused, context.actor()) else {
            return;
        };
        let entry = NewEntry {
            action: Action::Import,
            refusal: Some(public.code),
            target_id: None,
            after: None,
        };
        audit::insert_alone(&self.state.database, &context.deadline, actor, &entry).await;
    }

    async fn find_stored(
        &self,
        context: &RequestContext,
        request: &IdempotentRequest,
    ) -> Result<Option<StoredRow>, Error> {
        let find =
            |mut lease: Lease| async move { (idempotency::find(&mut lease, request).await, lease) };
        self.state.database.read(&context.deadline, find).await
    }
}

fn to_response(stored: StoredResponse, is_replayed: bool, options: Options) -> Response {
    let mut response = Response::from(stored);
    let headers = response.headers_mut();
    if is_replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if options.is_minimal {
        let (name, value) = PREFERENCE_APPLIED;
        headers.insert(name, value);
    }
    response
}
