//! How fast plaintext passwords become hashes.

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use argon2::{Argon2, Block, Params};
use serde_json::{Value, json};

use super::argon2_in_c::Argon2InC;
use super::through_function::Import;
use super::ways::Newcomers;
use crate::bench::durable::median;

/// So many that neither a request itself nor the last hash of each core weighs, and few enough for the
/// deadline of a slow machine.
const PASSWORDS: usize = 250;

/// The rates are measured in turn, so that a slow moment of the machine meets all of them; the
/// medians count.
const TRIES: usize = 7;

/// Rates in hashes per second.
pub(super) struct Rates {
    pub(super) cores: usize,
    pub(super) one_core: f64,
    /// The same in C.
    pub(super) one_core_in_c: f64,
    /// One thread a core, with nothing else to do: cores share memory, so this may be less than
    /// one core's rate times their number.
    pub(super) all_cores: f64,
    pub(super) function: f64,
}

pub(super) async fn measure(import: &Import, newcomers: &mut Newcomers) -> Result<Rates> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    // The first request measures the machine, and later ones hash on all cores from the start.
    import.send(&with_passwords(newcomers)).await?;
    let in_c = Argon2InC::find_or_fetch()?;
    let mut one_core = Vec::new();
    let mut one_core_in_c = Vec::new();
    let mut all_cores = Vec::new();
    let mut function = Vec::new();
    for _ in 0..TRIES {
        one_core.push(hashes_of_one_core());
        one_core_in_c.push(in_c.hashes_of_one_core()?);
        all_cores.push(hashes_of_all_cores(cores));
        let hashed = import.time(&newcomers.next(PASSWORDS)).await?;
        let (response, plain) = import.send(&with_passwords(newcomers)).await?;
        anyhow::ensure!(response.status == 201, "{}", response.text());
        function.push(per_second(PASSWORDS, plain.saturating_sub(hashed)));
    }
    Ok(Rates {
        cores,
        one_core: median(one_core),
        one_core_in_c: median(one_core_in_c),
        all_cores: median(all_cores),
        function: median(function),
    })
}

fn with_passwords(newcomers: &mut Newcomers) -> Value {
    let users = newcomers.next(PASSWORDS);
    let users = users.iter().map(|row| {
        json!({ "email": row.email, "username": row.username, "password": "correct horse battery" })
    });
    users.collect()
}

fn hashes_of_all_cores(cores: usize) -> f64 {
    let threads: Vec<_> = (0..cores)
        .map(|_| thread::spawn(hashes_of_one_core))
        .collect();
    threads
        .into_iter()
        .filter_map(|thread| thread.join().ok())
        .sum()
}

/// One thread alone, with memory that it keeps from hash to hash.
fn hashes_of_one_core() -> f64 {
    let mut memory = vec![Block::default(); Params::DEFAULT.block_count()];
    let mut tag = [0; 32];
    let argon2id = Argon2::default();
    let started = Instant::now();
    let mut hashes = 0;
    while started.elapsed() < Duration::from_secs(2) {
        let outcome = argon2id.hash_password_into_with_memory(
            b"correct horse battery",
            b"sixteen bytes of",
            &mut tag,
            memory.as_mut_slice(),
        );
        hashes += usize::from(outcome.is_ok());
    }
    per_second(hashes, started.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few hundred")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
