//! Lists without a search, from every place.

use std::time::Instant;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use shared::store::list::walk;
use shared::users::{
    CountMode, Cursor, Direction, Filter, ListQuery, Position, Sort, SortBy, SortKey, SortOrder,
};
use sqlx::{Executor as _, PgConnection};

use super::{
    cost::Cost,
    seed,
    watch::{HAND_IN, Watch},
};

pub(super) const SIZE: u32 = 50;

/// Where a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the beginning.
    First,
    /// 10,000 users deep by number, which is as deep as numbers go.
    Numbered,
    /// Behind a cursor after nine tenths of the list.
    Deep,
    /// Before the same cursor.
    DeepBack,
    /// Before the end.
    Last,
}

pub(super) const PLACES: [Place; 5] = [
    Place::First,
    Place::Numbered,
    Place::Deep,
    Place::DeepBack,
    Place::Last,
];

/// What was measured at one place.
pub(super) struct AtPlace {
    pub(super) place: Place,
    /// Of every filter and every order.
    pub(super) ours: Cost,
    /// The cell with the largest p99.
    pub(super) worst: Cost,
    /// Of newest first, without a filter.
    pub(super) ours_plain: Cost,
    pub(super) seed_plain: Cost,
}

pub(super) struct Lists {
    pub(super) places: Vec<AtPlace>,
}

pub(super) async fn measure(
    ours: &mut PgConnection,
    seed: &mut PgConnection,
    watch: &mut Watch,
    users: u32,
    rounds: u32,
) -> Result<Lists> {
    let mut places = Vec::new();
    for place in PLACES {
        let mut cells = Vec::new();
        for filter in filters() {
            for sort in orders() {
                let position = position(ours, place, &filter, sort).await?;
                let query = ListQuery {
                    filter: filter.clone(),
                    sort,
                    position,
                    size: SIZE,
                    count: CountMode::Capped,
                    reach: 0,
                };
                cells.push(sample(ours, watch, &query, rounds).await?);
            }
        }
        let offset = match place {
            Place::First => 0,
            Place::Numbered => 10_000 - SIZE,
            Place::Deep | Place::DeepBack => users / 10 * 9,
            Place::Last => users - SIZE,
        };
        let statements = seed::list("TRUE", "created_at DESC, id DESC", offset.into());
        let worst = cells.iter().max_by_key(|cell| cell.p99());
        places.push(AtPlace {
            place,
            ours: Cost::pooled(&cells),
            worst: worst.cloned().unwrap_or_default(),
            ours_plain: cells.first().cloned().unwrap_or_default(),
            seed_plain: seed::sample(seed, watch, &statements).await?,
        });
    }
    Ok(Lists { places })
}

/// All combinations of flags; the first is none.
fn filters() -> impl Iterator<Item = Filter> {
    let flags = [None, Some(true), Some(false)];
    flags.into_iter().flat_map(move |is_active| {
        flags.into_iter().map(move |is_superuser| Filter {
            is_active,
            is_superuser,
            search: None,
        })
    })
}

/// All orders; the first is the default.
pub(super) fn orders() -> impl Iterator<Item = Sort> {
    [SortBy::CreatedAt, SortBy::Username, SortBy::Email]
        .into_iter()
        .flat_map(|by| {
            [SortOrder::Descending, SortOrder::Ascending].map(|order| Sort { by, order })
        })
}

async fn sample(
    connection: &mut PgConnection,
    watch: &mut Watch,
    query: &ListQuery,
    rounds: u32,
) -> Result<Cost> {
    // The server tries a statement five times before it decides on a plan to keep.
    for _ in 0..7 {
        walk(&mut *connection, query).await?;
    }
    connection.execute(HAND_IN).await?;
    let before = watch.pages().await?;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        walk(&mut *connection, query).await?;
        times.push(started.elapsed());
    }
    connection.execute(HAND_IN).await?;
    Ok(Cost::new(times, watch.pages().await? - before))
}

async fn position(
    connection: &mut PgConnection,
    place: Place,
    filter: &Filter,
    sort: Sort,
) -> Result<Position> {
    let (towards, key, id) = match place {
        Place::First => return Ok(Position::Page(1)),
        Place::Numbered => return Ok(Position::Page(10_000 / SIZE)),
        Place::Last => (Direction::Previous, end(sort)?, i64::MAX),
        Place::Deep | Place::DeepBack => {
            let (key, id) = nine_tenths(connection, filter, sort).await?;
            let towards = if place == Place::Deep {
                Direction::Next
            } else {
                Direction::Previous
            };
            (towards, key, id)
        }
    };
    Ok(Position::Cursor(Cursor {
        towards,
        key,
        id: id.into(),
    }))
}

/// A key that no user is behind.
fn end(sort: Sort) -> Result<SortKey> {
    Ok(match (sort.by, sort.order) {
        (SortBy::CreatedAt, order) => {
            let year = if order == SortOrder::Ascending {
                "2999"
            } else {
                "1999"
            };
            let time = format!("{year}-01-01T00:00:00Z")
                .parse()
                .context("a date")?;
            SortKey::Time(time)
        }
        (_, SortOrder::Ascending) => SortKey::Text(char::MAX.to_string()),
        (_, SortOrder::Descending) => SortKey::Text(String::new()),
    })
}

/// A user near the end of a list, found among a sample of all.
async fn nine_tenths(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
) -> Result<(SortKey, i64)> {
    let (time, text) = match sort.by {
        SortBy::CreatedAt => ("created_at", "NULL"),
        SortBy::Username => ("NULL", r#"lower(username COLLATE "und-x-icu") COLLATE "C""#),
        SortBy::Email => ("NULL", r#"lower(email COLLATE "und-x-icu") COLLATE "C""#),
    };
    let key = if sort.by == SortBy::CreatedAt {
        "time"
    } else {
        "key"
    };
    let direction = sort.order.as_str();
    let statement = format!(
        "WITH sample AS (
             SELECT {time}::timestamptz AS time, ({text})::text AS key, id::bigint AS id
             FROM users TABLESAMPLE SYSTEM (10) REPEATABLE (1)
             WHERE ($1::boolean IS NULL OR is_active = $1)
                 AND ($2::boolean IS NULL OR is_superuser = $2)
         )
         SELECT time, key, id
         FROM sample
         ORDER BY {key} {direction}, id {direction}
         LIMIT 1 OFFSET (SELECT count(*) * 9 / 10 FROM sample)"
    );
    let found: Option<(Option<DateTime<Utc>>, Option<String>, i64)> = sqlx::query_as(&statement)
        .bind(filter.is_active)
        .bind(filter.is_superuser)
        .fetch_optional(connection)
        .await?;
    // A filter that nobody passes has no place; any will do.
    let (time, text, id) = found.unwrap_or_default();
    let key = match sort.by {
        SortBy::CreatedAt => SortKey::Time(time.unwrap_or_default()),
        SortBy::Username | SortBy::Email => SortKey::Text(text.unwrap_or_default()),
    };
    Ok((key, id))
}
