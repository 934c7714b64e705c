//! The dashboard's numbers.

use std::time::Instant;

use anyhow::Result;
use shared::store::stats::count_users;
use sqlx::{Executor as _, PgConnection};

use super::{
    cost::Cost,
    seed,
    watch::{HAND_IN, Watch},
};

pub(super) struct Statistics {
    pub(super) load_all: Cost,
    pub(super) one_scan: Cost,
    pub(super) kept: Cost,
}

pub(super) async fn measure(
    ours: &mut PgConnection,
    seed: &mut PgConnection,
    watch: &mut Watch,
    rounds: u32,
) -> Result<Statistics> {
    Ok(Statistics {
        load_all: seed::sample(seed, watch, &[seed::LOAD_ALL]).await?,
        one_scan: seed::sample(seed, watch, &[seed::ONE_SCAN]).await?,
        kept: kept(ours, watch, rounds * 100).await?,
    })
}

async fn kept(connection: &mut PgConnection, watch: &mut Watch, rounds: u32) -> Result<Cost> {
    // The first answers fill caches and make the plan that is kept. A few of them take half as long as
    // all others, or twice as long, as the cores happen to wake up.
    for _ in 0..rounds {
        count_users(&mut *connection).await?;
    }
    connection.execute(HAND_IN).await?;
    let before = watch.pages().await?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        count_users(&mut *connection).await?;
        times.push(started.elapsed());
    }
    connection.execute(HAND_IN).await?;
    Ok(Cost::new(times, watch.pages().await? - before))
}
