//! The dashboard's numbers.

use std::time::Instant;

use anyhow::Result;
use shared::database::Query as _;
use shared::queries::stats::CountUsers;
use sqlx::{Executor as _, PgConnection};

use super::{
    samples::Samples,
    seed,
    watch::{HAND_IN, Watch},
};

pub(super) struct Statistics {
    pub(super) load_all: Samples,
    pub(super) one_scan: Samples,
    pub(super) kept: Samples,
}

pub(super) async fn measure(
    connection: &mut PgConnection,
    watch: &mut Watch,
    rounds: u32,
) -> Result<Statistics> {
    Ok(Statistics {
        load_all: seed::sample(connection, watch, &[seed::LOAD_ALL]).await?,
        one_scan: seed::sample(connection, watch, &[seed::ONE_SCAN]).await?,
        kept: kept(connection, watch, rounds * 10).await?,
    })
}

async fn kept(connection: &mut PgConnection, watch: &mut Watch, rounds: u32) -> Result<Samples> {
    // The first answers fill caches and make the plan that is kept.
    for _ in 0..10 {
        CountUsers.run(&mut *connection).await?;
    }
    connection.execute(HAND_IN).await?;
    let before = watch.pages().await?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        CountUsers.run(&mut *connection).await?;
        times.push(started.elapsed());
    }
    connection.execute(HAND_IN).await?;
    Ok(Samples::new(times, watch.pages().await? - before))
}
