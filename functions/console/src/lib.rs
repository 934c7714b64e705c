//! The console: the page on which people use the API. Its files are made from `console/` and embedded.

mod assets;

use lambda_http::{
    Request, RequestExt,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
};
use serde::Serialize;
use shared::platform::{
    config::{ConsoleConfig, OidcProvider},
    error::Error,
    http::response::{self, Response},
};

const ROOT: &str = "/console";
const INDEX: &str = "index.html";
/// The names of these files change with their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The function's state.
pub struct Console {
    config: ConsoleConfig,
    content_security_policy: HeaderValue,
}

/// The answer to `GET /console/config.json`.
#[derive(Serialize)]
struct PublicConfig<'a> {
    oidc: Option<PublicProvider<'a>>,
    token: Option<&'a str>,
}

#[derive(Serialize)]
struct PublicProvider<'a> {
    issuer: &'a str,
    client_id: &'a str,
    scopes: &'a str,
}

impl Console {
    /// Knows how people sign in.
    #[must_use]
    pub fn new(config: ConsoleConfig) -> Self {
        Self {
            content_security_policy: content_security_policy(&config),
            config,
        }
    }

    /// Answers a request.
    pub fn respond(&self, request: &Request) -> Result<Response, Error> {
        let path = request.raw_http_path();
        // What no other function has comes here, with any method.
        if path != "/" && !path.starts_with(ROOT) {
            return Err(NO_SUCH_PATH);
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Err(Error::MethodNotAllowed {
                allow: HeaderValue::from_static("GET, HEAD"),
            });
        }
        if path == "/" {
            return Ok(redirect());
        }
        let path = path.strip_prefix(ROOT).ok_or(NO_SUCH_PATH)?;
        if path == "/config.json" {
            return self.config(request);
        }
        if let Some(name) = path.strip_prefix("/assets/") {
            let asset = assets::find(name).ok_or(NO_SUCH_PATH)?;
            let mut response = asset.response(request.headers());
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, IMMUTABLE);
            return Ok(response);
        }
        if path.is_empty() || path.starts_with('/') {
            return self.page(request);
        }
        Err(NO_SUCH_PATH)
    }

    /// The page, which finds out from its own address what to show.
    fn page(&self, request: &Request) -> Result<Response, Error> {
        let index = assets::find(INDEX).ok_or(NO_SUCH_PATH)?;
        let etag = index.etag();
        let known = request.headers().get(header::IF_NONE_MATCH);
        let is_known =
            known.is_some_and(|known| known.to_str().is_ok_and(|tags| tags.contains(&etag)));
        let mut response = if is_known {
            response::empty(StatusCode::NOT_MODIFIED)
        } else {
            index.response(request.headers())
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        self.protect(headers);
        Ok(response)
    }

    fn config(&self, request: &Request) -> Result<Response, Error> {
        let provider = self.config.provider.as_ref();
        let body = PublicConfig {
            oidc: provider.map(|provider| PublicProvider {
                issuer: &provider.issuer,
                client_id: &provider.client_id,
                scopes: &provider.scopes,
            }),
            token: self.config.token.as_deref().filter(|_| is_local(request)),
        };
        response::json(StatusCode::OK, &body)
    }

    fn protect(&self, headers: &mut HeaderMap) {
        let policy = self.content_security_policy.clone();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(), geolocation=(), microphone=()",
            ),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
    }
}

const NO_SUCH_PATH: Error = Error::NotFound {
    message: "There is no such path",
};

fn redirect() -> Response {
    let mut response = response::empty(StatusCode::TEMPORARY_REDIRECT);
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_static(ROOT));
    response
}

/// Nothing from elsewhere and nothing inline; the page talks to this domain and to the identity provider.
fn content_security_policy(config: &ConsoleConfig) -> HeaderValue {
    let origins = config.provider.iter().flat_map(OidcProvider::all_origins);
    let connect: Vec<_> = ["'self'"].into_iter().chain(origins).collect();
    let connect = connect.join(" ");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {connect}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    // Configuration lets in only what may stand in a header.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Whether the page of this machine asks. A page of another site sends its own name as the host, if it has made that
/// point here, or says that it is from another site.
fn is_local(request: &Request) -> bool {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let authority = header("host").and_then(|host| host.parse::<Uri>().ok());
    let host = authority.as_ref().and_then(Uri::host);
    matches!(host, Some("127.0.0.1" | "localhost"))
        && header("sec-fetch-site") == Some("same-origin")
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, http};

    use super::*;

    const TOKEN: &str = "a.b.c";

    fn console() -> Console {
        Console::new(ConsoleConfig {
            provider: None,
            token: Some(TOKEN.to_owned()),
        })
    }

    fn get(path: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        send(&Method::GET, path, headers)
    }

    fn send(method: &Method, path: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::Empty).unwrap();
        console().respond(&request.with_raw_http_path(path))
    }

    fn text(response: &Response) -> &str {
        std::str::from_utf8(response.body()).unwrap()
    }

    #[test]
    fn every_path_of_the_console_is_the_same_page() {
        let page = get("/console/", &[]).unwrap();
        for path in ["/console", "/console/users/7", "/console/no/such/view"] {
            assert_eq!(text(&get(path, &[]).unwrap()), text(&page), "{path}");
        }
        assert!(text(&page).starts_with("<!doctype html>"));
        assert_eq!(page.headers()["cache-control"], "no-cache");
    }

    #[test]
    fn the_page_has_nothing_inline_and_every_file_that_it_names_is_there() {
        let page = get("/console/", &[]).unwrap();
        let page = text(&page);
        let mut files = 0;
        for part in page.split("/console/assets/").skip(1) {
            let name = part.split('"').next().unwrap();
            let file = get(&format!("/console/assets/{name}"), &[]).unwrap();
            assert_eq!(file.headers()["cache-control"], IMMUTABLE, "{name}");
            files += 1;
        }
        assert!(files >= 2, "{page}");
        for inline in ["style=", "<style", "onload=", "<script>", "http:", "https:"] {
            assert!(!page.contains(inline), "{inline}: {page}");
        }
    }

    #[test]
    fn an_unchanged_page_is_not_sent_again() {
        let page = get("/console/", &[]).unwrap();
        let etag = page.headers()["etag"].to_str().unwrap();
        let again = get("/console/users", &[("if-none-match", etag)]).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.body().is_empty());
        let changed = get("/console/users", &[("if-none-match", "\"another\"")]).unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[test]
    fn the_root_leads_to_the_console() {
        let response = get("/", &[]).unwrap();
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()["location"], "/console");
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        for path in ["/consoles", "/console/assets/none.js", "/api/v1/users"] {
            let error = get(path, &[]).unwrap_err();
            assert_eq!(error.public().code, "not_found", "{path}");
        }
        let error = send(&Method::POST, "/api/v2/users", &[]).unwrap_err();
        assert_eq!(error.public().code, "not_found");
        let error = send(&Method::POST, "/console/", &[]).unwrap_err();
        assert_eq!(error.public().code, "method_not_allowed");
    }

    #[test]
    fn the_token_is_for_the_page_of_this_machine() {
        for (host, site, is_given) in [
            ("127.0.0.1:9000", "same-origin", true),
            ("localhost:9000", "same-origin", true),
            ("127.0.0.1:9000", "cross-site", false),
            ("127.0.0.1:9000", "same-site", false),
            ("localhost.evil.example:9000", "same-origin", false),
            ("evil.example", "same-origin", false),
        ] {
            let headers = [("host", host), ("sec-fetch-site", site)];
            let config = get("/console/config.json", &headers).unwrap();
            assert_eq!(text(&config).contains(TOKEN), is_given, "{host} {site}");
        }
        let config = get("/console/config.json", &[("host", "127.0.0.1:9000")]);
        assert!(!text(&config.unwrap()).contains(TOKEN));
    }

    #[test]
    fn the_policy_names_the_origins_of_the_provider_and_no_others() {
        let policy = |issuer: Option<&str>| {
            let provider = issuer.map(|issuer| OidcProvider {
                issuer: issuer.to_owned(),
                client_id: "console".to_owned(),
                scopes: "openid".to_owned(),
                origins: Vec::new(),
            });
            let token = None;
            let policy = content_security_policy(&ConsoleConfig { provider, token });
            policy.to_str().unwrap().to_owned()
        };
        assert!(policy(None).contains("connect-src 'self';"));
        let provider = policy(Some("https://id.example/realms/staff"));
        assert!(provider.contains("connect-src 'self' https://id.example;"));
        assert!(!provider.contains("unsafe"), "{provider}");
    }
}
