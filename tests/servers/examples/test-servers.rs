//! Starts the servers that the tests need and prints their variables, until standard input ends.
//!
//! For tests run from an editor: `eval` what it prints in the shell that starts the editor.

use std::io::{self, Read as _, Write as _};

use anyhow::Result;
use servers::{Moto, Postgres, PostgresOptions};

fn main() -> Result<()> {
    let postgres = Postgres::start(&PostgresOptions::temporary())?;
    let moto = Moto::start()?;
    let mut output = io::stdout().lock();
    writeln!(
        output,
        "export TEST_DATABASE_URL={}",
        postgres.url("postgres")
    )?;
    writeln!(output, "export TEST_MOTO_ENDPOINT={}", moto.endpoint())?;
    output.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    moto.stop()?;
    postgres.stop()
}
