//! Which requests a function answers.

use lambda_http::http::{HeaderValue, Method};

use crate::error::Error;

/// One path and method that a function answers.
#[derive(Debug)]
pub struct Route {
    /// The only method that it answers. `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, without stage or base path.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Active superusers.
    Superuser,
}

/// The route for a request.
///
/// Only the end of the path is compared, because a stage or a custom domain's base path may stand
/// before it; the gateway has decided already that the request is for this function.
pub(crate) fn find<'r>(
    routes: &'r [Route],
    method: &Method,
    path: &str,
) -> Result<&'r Route, Error> {
    let path = path.trim_end_matches('/');
    let ends_path = |route: &&Route| path.ends_with(route.path);
    let route = routes.iter().find(ends_path).ok_or(Error::NotFound)?;
    let wanted = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    if route.method != *wanted {
        return Err(Error::MethodNotAllowed {
            allow: allowed(&route.method),
        });
    }
    Ok(route)
}

fn allowed(method: &Method) -> HeaderValue {
    if method == Method::GET {
        HeaderValue::from_static("GET, HEAD")
    } else {
        // A method is a token, which every header value may be.
        HeaderValue::from_str(method.as_str()).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &[Route] = &[
        Route {
            method: Method::GET,
            path: "/health",
            access: Access::Open,
        },
        Route {
            method: Method::GET,
            path: "/health/live",
            access: Access::Open,
        },
    ];

    fn path_found(method: &Method, path: &str) -> Option<&'static str> {
        find(ROUTES, method, path).ok().map(|route| route.path)
    }

    #[test]
    fn a_stage_before_and_a_slash_behind_the_path_do_not_matter() {
        assert_eq!(path_found(&Method::GET, "/health"), Some("/health"));
        assert_eq!(
            path_found(&Method::GET, "/prod/health/live/"),
            Some("/health/live")
        );
        assert_eq!(path_found(&Method::HEAD, "/health"), Some("/health"));
    }

    #[test]
    fn an_unknown_path_is_not_found() {
        assert_eq!(path_found(&Method::GET, "/healthy"), None);
        assert_eq!(path_found(&Method::GET, "/"), None);
    }

    #[test]
    fn a_wrong_method_names_the_right_ones() {
        let Err(Error::MethodNotAllowed { allow }) = find(ROUTES, &Method::POST, "/health") else {
            panic!("POST must be refused");
        };
        assert_eq!(allow, "GET, HEAD");
    }
}
