//! `cargo xtask bench memory`: what a memory size buys, because Lambda gives computing time in
//! proportion to it.

mod quota;
mod table;

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use rig::Request;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::quota::Quota;
use super::program::Program;
use super::samples::Samples;
use super::world::World;
use super::{document, release};
use crate::console;

/// The memory size, in MB, that gets one whole core.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const WHOLE_CORE: u32 = 1_769;

/// Sizes in MB.
const SIZES: [u32; 6] = [128, 256, 512, 1_024, WHOLE_CORE, 2 * WHOLE_CORE];

/// Hashes of one core in a second, roughly: it decides how many are asked for, so that every size hashes
/// for some seconds.
const EXPECTED_RATE: f64 = 40.0;

/// How long a size hashes at a time.
const HASHING: f64 = 3.0;

/// What `cargo xtask bench memory` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How often a function is started at every size
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(10..=1_000))]
    rounds: u16,
    /// Use the programs as they were built last
    #[arg(long)]
    no_build: bool,
}

/// Everything measured at one size.
struct Figures {
    megabytes: u32,
    /// The share of a core.
    share: f64,
    /// Start to first answer of stats.
    first_answer: Samples,
    /// Hashes in a second.
    hashes: f64,
}

/// Measures, prints, and writes the table into the guide for operators.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    if cfg!(debug_assertions) {
        let mut again = vec![
            "memory".to_owned(),
            "--rounds".to_owned(),
            arguments.rounds.to_string(),
        ];
        again.extend(arguments.no_build.then(|| "--no-build".to_owned()));
        return release::run_optimised(&again);
    }
    let quotas: Vec<_> = SIZES
        .into_iter()
        .map(|megabytes| Quota::set(megabytes, share(megabytes)))
        .collect::<Result<_>>()?;
    if !arguments.no_build {
        release::build(&["stats", "bulk-create"])?;
    }
    let figures = runtime.block_on(measure(&quotas, arguments.rounds))?;
    let text = table::write(&figures, arguments.rounds);
    console::say(&text);
    let path = document::replace_in("docs/operations.md", "memory", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

fn share(megabytes: u32) -> f64 {
    f64::from(megabytes) / f64::from(WHOLE_CORE)
}

async fn measure(quotas: &[Quota], rounds: u16) -> Result<Vec<Figures>> {
    let world = World::build().await?;
    let token = world.token()?;
    let stats = Request::get("/api/v1/dashboard/stats").bearer(&token);
    let mut programs = Vec::new();
    let mut figures = Vec::new();
    for quota in quotas {
        let path = quota.program(&release::function("stats"))?;
        programs.push(Program::new("stats", &path, world.ours(), &stats).await?);
        figures.push(Figures {
            megabytes: quota.megabytes(),
            share: share(quota.megabytes()),
            first_answer: Samples::default(),
            hashes: 0.0,
        });
    }
    console::announce(&format!("{rounds} starts at every size"));
    for round in 0..=rounds {
        for (program, figures) in programs.iter().zip(&mut figures) {
            let start = program.start_once().await?;
            if round > 0 {
                figures.first_answer.push(start.first_answer);
            }
        }
    }
    console::announce("passwords");
    let mut next = 0;
    for (quota, figures) in quotas.iter().zip(&mut figures) {
        let path = quota.program(&release::function("bulk-create"))?;
        let bulk_create = Program::new("bulk-create", &path, world.ours(), &stats).await?;
        figures.hashes = hashes(&bulk_create, figures.share, &token, &mut next).await?;
        bulk_create.end().await?;
    }
    Ok(figures)
}

/// Hashes in a second: users with passwords in one request, less what the same takes without.
async fn hashes(program: &Program, share: f64, token: &str, next: &mut u32) -> Result<f64> {
    let passwords = passwords_for(share);
    let mut import = async |count, has_password| {
        let request = Request::post("/api/v1/users/bulk")
            .bearer(token)
            .json(&people(count, has_password, next));
        program.send(&request).await
    };
    // The first request starts the process and measures the machine.
    import(2, true).await?;
    let plain = import(passwords, false).await?;
    let mut hashed = Duration::MAX;
    for _ in 0..2 {
        hashed = hashed.min(import(passwords, true).await?);
    }
    Ok(f64::from(passwords) / hashed.saturating_sub(plain).as_secs_f64())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a hundred or so"
)]
fn passwords_for(share: f64) -> u32 {
    ((EXPECTED_RATE * share.min(2.0) * HASHING) as u32).max(4)
}

fn people(count: u32, has_password: bool, next: &mut u32) -> Value {
    let users = (0..count).map(|_| {
        *next += 1;
        let mut user = json!({
            "email": format!("new{next}@example.com"),
            "username": format!("new{next}"),
        });
        if has_password {
            user["password"] = "correct horse battery".into();
        }
        user
    });
    users.collect()
}
