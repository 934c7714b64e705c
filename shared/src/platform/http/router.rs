//! Which endpoint answers a request.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use lambda_http::http::{HeaderValue, Method};

use super::{path_parameters::PathParameters, response::Response};
use crate::platform::{error::Error, request_context::RequestContext};

/// What a path is answered with that no route has.
pub(crate) const NO_SUCH_PATH: Error = Error::NotFound {
    message: "There is no such path",
};

/// One endpoint of the function `F`.
pub struct Route<F: 'static> {
    /// The only method that it answers. `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, without stage or base path. A segment in braces is a parameter: `/users/{id}`.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// Answers a request that has passed the frame.
    pub handler: Handler<F>,
}

/// A handler, as a plain function. `|function, context| Box::pin(handle(function, context))` makes one of an
/// `async fn`.
pub type Handler<F> =
    for<'c> fn(&'c F, &'c RequestContext) -> BoxFuture<'c, Result<Response, Error>>;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Active users.
    Active,
    /// Active superusers.
    Superuser,
}

/// The routes of one function, found by path and method.
pub(crate) struct Router<F: 'static> {
    routes: &'static [Route<F>],
    /// The places in `routes` of those that share a path.
    paths: matchit::Router<Vec<usize>>,
}

impl<F> Router<F> {
    /// Fails if a path is not a valid pattern, or if two patterns match the same path.
    pub(crate) fn new(routes: &'static [Route<F>]) -> Result<Self, matchit::InsertError> {
        let mut paths = matchit::Router::new();
        let distinct: BTreeSet<_> = routes.iter().map(|route| route.path).collect();
        for path in distinct {
            let places = (0..routes.len()).filter(|&place| routes[place].path == path);
            paths.insert(path, places.collect())?;
        }
        Ok(Self { routes, paths })
    }

    /// The route for a request, and the parameters in its path.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<(&'static Route<F>, PathParameters), Error> {
        let path = normalized(path);
        let found = without_base(&path).find_map(|path| self.paths.at(path).ok());
        let found = found.ok_or(NO_SUCH_PATH)?;
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut routes = found.value.iter().map(|&place| &self.routes[place]);
        let Some(route) = routes.clone().find(|route| route.method == *wanted) else {
            return Err(Error::MethodNotAllowed {
                allow: allowed(routes.by_ref().map(|route| &route.method)),
            });
        };
        let parameters = found.params.iter();
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok((route, PathParameters(parameters.collect())))
    }
}

/// Without doubled slashes, and without one at the end.
fn normalized(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.fold(String::new(), |path, segment| path + "/" + segment)
}

/// The path with less and less in front: a stage and a custom domain's base path may stand there, and no
/// event says where they end. What follows `/api/v1` belongs to no base path.
fn without_base(path: &str) -> impl Iterator<Item = &str> {
    let longest_base = path.rfind("/api/v1").unwrap_or(path.len());
    let starts = path.match_indices('/').map(|(start, _)| start);
    let starts = starts.take_while(move |start| *start <= longest_base);
    starts.map(|start| &path[start..])
}

fn allowed<'m>(methods: impl Iterator<Item = &'m Method>) -> HeaderValue {
    let mut names = BTreeSet::new();
    for method in methods {
        names.insert(method.as_str());
        if method == Method::GET {
            names.insert("HEAD");
        }
    }
    let names: Vec<_> = names.into_iter().collect();
    // A method is a token, which every header value may be.
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn route(method: Method, path: &'static str) -> Route<()> {
        Route {
            method,
            path,
            access: Access::Open,
            handler: |(), _| Box::pin(async { Ok(Response::default()) }),
        }
    }

    static ROUTES: [Route<()>; 5] = [
        route(Method::GET, "/health"),
        route(Method::GET, "/health/live"),
        route(Method::GET, "/api/v1/users/{id}"),
        route(Method::DELETE, "/api/v1/users/{id}"),
        route(Method::POST, "/api/v1/users/bulk"),
    ];

    fn find(method: &Method, path: &str) -> Result<(&'static str, PathParameters), Error> {
        let router = Router::new(&ROUTES).unwrap();
        let (route, parameters) = router.find(method, path)?;
        Ok((route.path, parameters))
    }

    fn path_found(method: &Method, path: &str) -> Option<&'static str> {
        find(method, path).ok().map(|(path, _)| path)
    }

    #[test]
    fn a_stage_or_base_path_in_front_and_more_slashes_do_not_matter() {
        for (path, expected) in [
            ("/health", "/health"),
            ("/prod/health/live/", "/health/live"),
            ("//prod//health", "/health"),
            ("/v1/prod/api/v1/users/7", "/api/v1/users/{id}"),
            ("/api/api/v1//users/7/", "/api/v1/users/{id}"),
        ] {
            assert_eq!(path_found(&Method::GET, path), Some(expected), "{path}");
        }
        assert_eq!(path_found(&Method::HEAD, "/health"), Some("/health"));
    }

    #[test]
    fn an_unknown_path_is_not_found() {
        for path in [
            "/healthy",
            "/",
            "",
            "/health/live/more",
            "/api/v1/health",
            "/api/v1/users",
        ] {
            assert_eq!(path_found(&Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn the_end_of_a_path_under_api_v1_is_no_path_of_its_own() {
        let (path, parameters) = find(&Method::GET, "/api/v1/users/health").unwrap();
        assert_eq!(path, "/api/v1/users/{id}");
        assert_eq!(parameters.get("id").unwrap(), "health");
        assert_eq!(path_found(&Method::GET, "/api/v1/users/1/health"), None);
    }

    #[test]
    fn a_name_that_the_pattern_does_not_have_is_an_error_of_ours() {
        let (_, parameters) = find(&Method::GET, "/health").unwrap();
        assert_eq!(parameters.get("id").unwrap_err().public().code, "internal");
    }

    #[test]
    fn a_wrong_method_names_all_right_ones() {
        for (path, expected) in [
            ("/health", "GET, HEAD"),
            ("/api/v1/users/7", "DELETE, GET, HEAD"),
        ] {
            let Err(Error::MethodNotAllowed { allow }) = find(&Method::POST, path) else {
                panic!("POST must be refused");
            };
            assert_eq!(allow, expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_found_or_not(path in "[/a-z0-9{}:*é%. ]{0,40}") {
            let _ = find(&Method::GET, &path);
        }
    }
}
