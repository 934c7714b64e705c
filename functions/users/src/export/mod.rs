//! `GET /api/v1/users/export`: all users of a filter, part by part.

mod cursor;
#[cfg(feature = "openapi")]
mod openapi;
mod part;

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use form_urlencoded::Serializer;
use futures_util::future::join;
use lambda_http::{
    Body, Request,
    http::{HeaderName, HeaderValue, Method, header},
};
use serde_json::{Value, json};
use shared::{
    platform::{
        config::UsersTable,
        database::{OnAmbiguousCommit, TransactionOutcome},
        error::Error,
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::{
        audit::{self, Action, NewEntry},
        users::{self, ExportWindow, ExportedUser},
    },
    users::{Filter, UserId},
};

#[cfg(feature = "openapi")]
pub(crate) use self::openapi::describe;
use self::{
    cursor::ExportCursor,
    part::{Format, Part, Progress},
};
use crate::{Users, parameters, refusals, user_response::header_value};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/users/export",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

const ALLOWED: &[&str] = &[
    "is_active",
    "is_superuser",
    "search",
    "email",
    "username",
    "id",
    "created_from",
    "created_to",
    "format",
    "spreadsheet",
    "include",
    "cursor",
];

/// What `include` may be, and how exports call it.
const PASSWORD_HASH: &str = "password_hash";

/// The deployment keeps its hashes.
pub(crate) const PASSWORD_HASHES_OFF: Error = Error::NotConfigured {
    code: "password_hashes_off",
    message: "This deployment does not export password hashes, see EXPORT_PASSWORD_HASHES",
};

/// Says that a body of NDJSON is text. Without it, `lambda_http` encodes it in base64, which makes it a third larger
/// and too large for Lambda.
const ENVELOPE: HeaderName = HeaderName::from_static("x-lambda-http-content-encoding");
/// How many users the parts so far have.
const COUNT: HeaderName = HeaderName::from_static("export-count");
/// The digest of these users.
const DIGEST: HeaderName = HeaderName::from_static("export-digest");

/// What a request wants.
#[derive(Debug)]
struct Wanted {
    filter: Filter,
    format: Format,
    has_hashes: bool,
}

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    let table = &function.state.config.users_table;
    let parameters = parameters::with_lists(&context.request, ALLOWED)?;
    let wanted = Wanted {
        filter: parameters::filter_without_order(&parameters, table)?,
        format: format(&parameters)?,
        has_hashes: has_hashes(&parameters, table)?,
    };
    let cursor = parameters.text("cursor");
    let cursor = cursor.map(|text| ExportCursor::decode(text, &wanted, table.id_kind()));
    let cursor = cursor.transpose()?;
    if wanted.has_hashes
        && let Err(error) = allow_hashes(function)
    {
        return Err(refusals::note(function, context, Action::Export, None, error).await);
    }
    let is_first = cursor.is_none();
    let progress = cursor.map_or_else(Progress::default, |cursor| cursor.progress);
    // A cursor is not signed, so a caller could leave out the first part: with hashes, each part is in the log.
    let begun = if is_first || wanted.has_hashes {
        begin(function, context, &wanted, progress).await?
    } else {
        None
    };
    let cursor = cursor.or(begun);
    let mut part = Part::new(
        wanted.format,
        wanted.has_hashes,
        function.extra(),
        progress,
        is_first,
    );
    let next = match cursor {
        Some(cursor) => fill(function, context, &wanted, cursor, &mut part).await?,
        None => None,
    };
    let next = next.map(|cursor| cursor.encode(&wanted));
    if next.is_none() {
        part.end();
    }
    respond(&context.request, wanted.format, part, next)
}

/// Whether password hashes are asked for.
fn has_hashes(parameters: &QueryParameters, table: &UsersTable) -> Result<bool, Error> {
    let has_hashes = parameters.one_of("include", &[(PASSWORD_HASH, true)])?;
    let mapping = table.mapping();
    if has_hashes.is_some() && mapping.is_some_and(|mapping| mapping.password_hash.is_none()) {
        return Err(Error::invalid_request(
            "Parameter include is not available: the users of this table have no password hash",
        ));
    }
    Ok(has_hashes == Some(true))
}

/// Fails unless the configuration lets exports have hashes and the log of changes says who made them.
fn allow_hashes(function: &Users) -> Result<(), Error> {
    if !function.state.config.export_password_hashes {
        return Err(PASSWORD_HASHES_OFF);
    }
    refusals::require_log(function)
}

fn format(parameters: &QueryParameters) -> Result<Format, Error> {
    let is_guarded = parameters.flag("spreadsheet")?;
    let csv = Format::Csv {
        is_guarded: is_guarded == Some(true),
    };
    let format = parameters.one_of("format", &[("ndjson", Format::Ndjson), ("csv", csv)])?;
    match format.unwrap_or(Format::Ndjson) {
        Format::Ndjson if is_guarded.is_some() => Err(Error::invalid_request(
            "Parameter spreadsheet is for format=csv alone",
        )),
        format => Ok(format),
    }
}

/// Where an export begins, if there are any users. Who exports users is in the log.
async fn begin(
    function: &Users,
    context: &RequestContext,
    wanted: &Wanted,
    progress: Progress,
) -> Result<Option<ExportCursor>, Error> {
    let entry = &NewEntry {
        action: Action::Export,
        refusal: None,
        target_id: None,
        after: Some(wanted.said(progress)),
    };
    let last = function
        .state
        .database
        .transaction(
            &context.deadline,
            context.actor()?,
            OnAmbiguousCommit::TryAgain,
            |mut tx| async move {
                let found = async {
                    let last = users::find_last_id(&mut tx).await?;
                    audit::insert(&mut tx, entry).await?;
                    Ok(TransactionOutcome::Commit(last))
                };
                (found.await, tx)
            },
        )
        .await?;
    Ok(last.map(|until| ExportCursor {
        after: None,
        until,
        progress: Progress::default(),
    }))
}

impl Wanted {
    /// What the log says of an export. Values of persons are not told.
    fn said(&self, before: Progress) -> Value {
        let Self {
            filter,
            format,
            has_hashes,
        } = self;
        let Filter {
            is_active,
            is_superuser,
            search,
            created_from,
            created_to,
            ..
        } = filter;
        json!({
            "format": if *format == Format::Ndjson { "ndjson" } else { "csv" },
            "is_active": is_active,
            "is_superuser": is_superuser,
            "created_from": created_from,
            "created_to": created_to,
            "is_search": search.is_some(),
            "is_look_up": filter.is_look_up(),
            "has_hashes": has_hashes,
            "users_before": before.count,
        })
    }
}

/// Adds users until the part is full, half of the time is over, or all are there. Says where to go on.
///
/// While users are written, those after them are read, unless the part should be full before.
async fn fill(
    function: &Users,
    context: &RequestContext,
    wanted: &Wanted,
    mut cursor: ExportCursor,
    part: &mut Part,
) -> Result<Option<ExportCursor>, Error> {
    let enough = context.deadline.remaining() / 2;
    let read = |cursor, size| read_window(function, context, wanted, cursor, size);
    let mut ahead = None;
    loop {
        let (users, end) = match ahead.take() {
            Some(window) => window,
            None => read(cursor, part.room()).await?,
        };
        let following = ExportCursor {
            after: Some(end),
            ..cursor
        };
        let is_last = end == cursor.until;
        let room = part.room_after(users.len()).filter(|_| !is_last);
        let reading = async {
            match room {
                Some(size) => read(following, size).await.map(Some),
                None => Ok(None),
            }
        };
        let writing = async {
            for user in &users {
                if !part.push(user)? {
                    return Ok(false);
                }
                cursor.after = Some(user.user.id);
                cursor.progress = part.progress;
            }
            Ok(true)
        };
        let (window, written) = join(reading, writing).await;
        if !written? {
            return Ok(Some(cursor));
        }
        if is_last {
            return Ok(None);
        }
        cursor.after = Some(end);
        if context.deadline.remaining() < enough {
            return Ok(Some(cursor));
        }
        ahead = window?;
    }
}

/// Users after a place, of whom `size` are looked at, and the last id of these.
async fn read_window(
    function: &Users,
    context: &RequestContext,
    wanted: &Wanted,
    cursor: ExportCursor,
    size: i64,
) -> Result<(Vec<ExportedUser>, UserId), Error> {
    let window = ExportWindow {
        extra: function.extra(),
        filter: &wanted.filter,
        has_hashes: wanted.has_hashes,
        after: cursor.after,
        until: cursor.until,
        size,
    };
    function
        .state
        .database
        .read(&context.deadline, |mut lease| async move {
            (users::find_window(&mut lease, window).await, lease)
        })
        .await
}

fn respond(
    request: &Request,
    format: Format,
    part: Part,
    next: Option<String>,
) -> Result<Response, Error> {
    let progress = part.progress;
    let accepted = request.headers().get(header::ACCEPT_ENCODING);
    let is_gzip = accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(accepts_gzip);
    let body = if is_gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let bytes = encoder
            .write_all(&part.body)
            .and_then(|()| encoder.finish());
        Body::Binary(bytes.map_err(|error| Error::internal("compressing a response", error))?)
    } else {
        let text = String::from_utf8(part.body);
        Body::Text(text.map_err(|error| Error::internal("writing the response", error))?)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(match format {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv { .. } => "text/csv; charset=utf-8",
        }),
    );
    let (encoding, value) = if is_gzip {
        (header::CONTENT_ENCODING, "gzip")
    } else {
        (ENVELOPE, "text")
    };
    headers.insert(encoding, HeaderValue::from_static(value));
    headers.insert(COUNT, HeaderValue::from(progress.count));
    headers.insert(DIGEST, header_value(progress.hex())?);
    if let Some(next) = next {
        headers.insert(header::LINK, header_value(link(request, &next))?);
    }
    Ok(response)
}

/// The same request with another cursor.
fn link(request: &Request, cursor: &str) -> String {
    let query = request.uri().query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    let query = Serializer::new(String::new())
        .extend_pairs(pairs)
        .append_pair("cursor", cursor)
        .finish();
    format!("<{}?{query}>; rel=\"next\"", request.uri().path())
}

/// Whether `Accept-Encoding` names gzip, and not with a weight of zero.
fn accepts_gzip(value: &str) -> bool {
    value.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse::<f32>().is_ok_and(|q| q > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_compressed_for_those_who_take_it() {
        for value in ["gzip", "br, GZIP;q=0.5", "gzip, deflate"] {
            assert!(accepts_gzip(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "identity"] {
            assert!(!accepts_gzip(value), "{value}");
        }
    }
}
