//! What a cold start costs, and a warm request.

use anyhow::{Result, ensure};
use rig::Request;
use serde_json::json;

use crate::deployment::{Deployment, alone};
use crate::fixture;
use crate::load::closed_loop;
use crate::program::{Program, signing_key};
use crate::report::{in_turn, number, say, table};

/// The least that a function can be, and the functions.
const PROGRAMS: [&str; 5] = [HELLO, "stats", "users", "bulk-create", "health"];
const HELLO: &str = "examples/hello";

/// Requests in a row before it is another program's turn.
const BATCH: u32 = 250;

pub async fn run(rounds: u32) -> Result<String> {
    let deployment = Deployment::start().await?;
    let (mut unconnected, mut connected) = (Vec::new(), Vec::new());
    for name in PROGRAMS {
        let (by_hand, deployed) = match name {
            HELLO => (Vec::new(), Vec::new()),
            _ => (alone(), deployment.environment.clone()),
        };
        unconnected.push(Program::new(name, by_hand, request(name)?).await?);
        connected.push(Program::new(name, deployed, request(name)?).await?);
    }
    say("starts without a connection");
    let init = async |program: &mut Program| program.init().await;
    let init = in_turn(rounds, &mut unconnected, init).await?;
    say("starts with secrets and a database");
    let first_answer = async |program: &mut Program| program.start().await;
    let first_answer = in_turn(rounds, &mut connected, first_answer).await?;
    say("warm requests");
    let rate = async |program: &mut Program| {
        let send = async |_| program.function.send(&program.request).await;
        let load = closed_loop(1, BATCH, send).await;
        ensure!(
            load.failures.is_empty(),
            "{:?}\n{}",
            load.failures,
            program.function.logs()
        );
        Ok(f64::from(BATCH) / load.seconds)
    };
    let rates = in_turn(rounds.min(60), &mut connected, rate).await?;
    let mut rows = Vec::new();
    for (place, name) in PROGRAMS.into_iter().enumerate() {
        rows.push(vec![
            name.to_owned(),
            init[place].spread(),
            number(init[place].median() / init[0].median()),
            first_answer[place].spread(),
            number(connected[place].memory("VmRSS:")?),
            number(rates[place].median()),
            format!("{:.0} %", 100.0 * rates[place].median() / rates[0].median()),
        ]);
        connected[place].end().await?;
    }
    let conditions = format!(
        "{}, {rounds} rounds.",
        fixture::conditions(&deployment.postgres)
    );
    let head =
        "function | init | of hello | first answer | memory in MB | warm requests/s | of hello";
    Ok(table(&conditions, head, &rows))
}

fn request(name: &str) -> Result<Request> {
    let user = json!([{ "email": "new@example.com", "username": "new" }]);
    let request = match name {
        HELLO => Request::get("/"),
        "health" => Request::get("/health"),
        "users" => Request::get("/api/v1/users"),
        "bulk-create" => Request::post("/api/v1/users/bulk?dry_run=true").json(&user),
        _ => Request::get("/api/v1/dashboard/stats"),
    };
    Ok(request.bearer(&signing_key().token(1)?))
}
