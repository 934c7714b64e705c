//! How an import is to be done: query parameters and the `Prefer` header.

use lambda_http::{
    Request,
    http::{HeaderName, HeaderValue},
};
use shared::{
    platform::{error::Error, http::query::QueryParameters},
    store::bulk::OnConflict,
    users::AcceptedHashes,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What `on_conflict` may be.
pub(crate) const ON_CONFLICT: &[(&str, OnConflict)] = &[
    ("fail", OnConflict::Fail),
    ("skip", OnConflict::Skip),
    ("update", OnConflict::Update),
];

/// Says which preference was followed (RFC 7240, section 3).
pub(crate) const PREFERENCE_APPLIED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("preference-applied"),
    HeaderValue::from_static("return=minimal"),
);

/// How an import is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a parameter of its own"
)]
pub(crate) struct Options {
    /// What to do with users that are stored already.
    pub(crate) on_conflict: OnConflict,
    /// Whether to write nothing, and only say what would happen.
    pub(crate) is_dry_run: bool,
    /// Whether to answer with counts instead of users.
    pub(crate) is_minimal: bool,
    /// Which password hashes are stored beside the usual ones.
    pub(crate) accepted_hashes: AcceptedHashes,
    /// Whether new users get the ids of their rows.
    pub(crate) keeps_ids: bool,
    /// Whether cells of CSV have a guard against formulas, which is taken away.
    pub(crate) is_guarded: bool,
}

impl Options {
    pub(crate) fn parse(request: &Request) -> Result<Self, Error> {
        let parameters = QueryParameters::parse(
            request,
            &[
                "on_conflict",
                "dry_run",
                "accept_hashes",
                "keep_ids",
                "spreadsheet",
            ],
        )?;
        let on_conflict = parameters.one_of("on_conflict", ON_CONFLICT)?;
        Ok(Self {
            on_conflict: on_conflict.unwrap_or(OnConflict::Fail),
            is_dry_run: parameters.flag("dry_run")?.unwrap_or(false),
            is_minimal: prefers_minimal(request),
            accepted_hashes: accepted_hashes(&parameters)?,
            keeps_ids: parameters.flag("keep_ids")?.unwrap_or(false),
            is_guarded: parameters.flag("spreadsheet")?.unwrap_or(false),
        })
    }

    /// The word for what happens to stored users.
    pub(crate) fn on_conflict_name(self) -> &'static str {
        ON_CONFLICT
            .iter()
            .find(|(_, choice)| *choice == self.on_conflict)
            .map_or("", |(word, _)| word)
    }

    /// A text that differs whenever the options do.
    pub(crate) fn fingerprint(self) -> String {
        let mut text = format!("{:?} {}", self.on_conflict, self.is_minimal);
        if self.accepted_hashes != AcceptedHashes::NONE {
            text = format!("{text} {:?}", self.accepted_hashes);
        }
        if self.keeps_ids {
            text.push_str(" keep_ids");
        }
        if self.is_guarded {
            text.push_str(" spreadsheet");
        }
        text
    }
}

fn accepted_hashes(parameters: &QueryParameters) -> Result<AcceptedHashes, Error> {
    let names = parameters.text("accept_hashes").unwrap_or_default();
    AcceptedHashes::parse(names)
        .map_err(|rule| Error::invalid_request(format!("Parameter accept_hashes must {rule}")))
}

/// Whether `Prefer` asks for `return=minimal`. Preferences that are not known are not followed, as
/// RFC 7240 has it.
fn prefers_minimal(request: &Request) -> bool {
    request
        .headers()
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| {
            let (preference, _parameters) = preference.split_once(';').unwrap_or((preference, ""));
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            name.trim().eq_ignore_ascii_case("return")
                && value
                    .trim()
                    .trim_matches('"')
                    .eq_ignore_ascii_case("minimal")
        })
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    #[test]
    fn counts_are_given_to_those_who_prefer_them() {
        let asks = |value: &'static str| {
            let mut request = Request::new(Body::Empty);
            request
                .headers_mut()
                .insert(PREFER, HeaderValue::from_static(value));
            prefers_minimal(&request)
        };
        for value in [
            "return=minimal",
            "respond-async, return=minimal",
            "Return=\"minimal\"; x=y",
        ] {
            assert!(asks(value), "{value}");
        }
        for value in ["return=representation", "minimal", "wait=10"] {
            assert!(!asks(value), "{value}");
        }
    }
}
