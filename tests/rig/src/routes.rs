//! The routes of the API, as the two places say that have them: `openapi.json`, which is written from the
//! code, and the routes of `cargo lambda watch` in Cargo.toml, which name the functions.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// One path.
#[derive(Debug)]
pub struct ApiRoute {
    /// The function that answers it.
    pub function: String,
    /// The path; a segment in braces is a parameter.
    pub path: String,
    /// The methods in capital letters, without HEAD, which goes with GET.
    pub methods: Vec<String>,
    /// Whether it takes a token.
    pub is_protected: bool,
}

/// The function whose paths are pages for people, and not in the document.
pub const CONSOLE: &str = "console";

/// The paths of the console. What is below it is all one page.
pub const CONSOLE_PATHS: [&str; 4] = ["/", "/console", "/console/", "/console/{*path}"];

/// All paths of the API, in the order of the document. Fails if Cargo.toml does not name the functions of exactly
/// these.
pub fn routes() -> Result<Vec<ApiRoute>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = std::fs::read_to_string(root.join("openapi.json"))?;
    let document: Value = serde_json::from_str(&document)?;
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(&root)
        .output()?;
    let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
    let (pages, watched): (Vec<_>, Vec<_>) = metadata["metadata"]["lambda"]["watch"]["router"]
        .as_array()
        .context("Cargo.toml has no routes")?
        .iter()
        .partition(|route| route["function"] == CONSOLE);
    let pages: Vec<_> = pages.iter().map(|route| &route["path"]).collect();
    ensure!(
        pages == CONSOLE_PATHS,
        "the console has the paths {pages:?}"
    );
    let paths = document["paths"]
        .as_object()
        .context("openapi.json has no paths")?;
    ensure!(
        watched.len() == paths.len(),
        "Cargo.toml has {} routes, openapi.json {}",
        watched.len(),
        paths.len()
    );
    paths
        .iter()
        .map(|(path, operations)| {
            let function = watched.iter().find(|route| route["path"] == *path);
            let function = function.with_context(|| format!("Cargo.toml has no route {path}"))?;
            let operations = operations.as_object().context("a path has operations")?;
            Ok(ApiRoute {
                function: function["function"]
                    .as_str()
                    .context("a route has a function")?
                    .to_owned(),
                path: path.clone(),
                methods: operations.keys().map(|name| name.to_uppercase()).collect(),
                is_protected: operations
                    .values()
                    .any(|operation| operation["security"] != serde_json::json!([])),
            })
        })
        .collect()
}
