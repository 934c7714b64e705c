//! Serves [`console::Console`].

use console::Console;
use shared::platform::{config::ConsoleConfig, static_function};

fn main() -> Result<(), lambda_http::Error> {
    let console = Console::new(ConsoleConfig::from_env()?);
    static_function::serve(move |request| console.respond(request))
}
