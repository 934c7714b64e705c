//! How fast plaintext passwords become hashes.

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use argon2::{Argon2, Block, Params};
use serde_json::{Value, json};

use super::through_function::Import;
use super::ways::People;

/// Enough for a steady rate, and few enough for the deadline of a slow machine.
const PASSWORDS: usize = 100;

/// The best of these counts: whatever else the machine does only takes away.
const TRIES: usize = 6;

/// Rates in hashes per second.
pub(super) struct Rates {
    pub(super) cores: usize,
    pub(super) one_core: f64,
    /// One thread a core, with nothing else to do: cores share memory, so this may be less than
    /// one core's rate times their number.
    pub(super) all_cores: f64,
    pub(super) function: f64,
}

pub(super) async fn measure(import: &Import, people: &mut People) -> Result<Rates> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    // The first request measures the machine, and the second one hashes on all cores from the start.
    let mut hashed = Duration::MAX;
    let mut plain = Duration::MAX;
    let mut one_core = 0.0_f64;
    let mut all_cores = 0.0_f64;
    for _ in 0..TRIES {
        one_core = one_core.max(hashes_of_one_core());
        all_cores = all_cores.max(hashes_of_all_cores(cores));
        hashed = hashed.min(import.time(&people.next(PASSWORDS)).await?);
        let (response, time) = import.send(&with_passwords(people)).await?;
        anyhow::ensure!(response.status == 201, "{}", response.text());
        plain = plain.min(time);
    }
    Ok(Rates {
        cores,
        one_core,
        all_cores,
        function: per_second(PASSWORDS, plain.saturating_sub(hashed)),
    })
}

fn with_passwords(people: &mut People) -> Value {
    let users = people.next(PASSWORDS);
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
