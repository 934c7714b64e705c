//! Positions in a list that do not move when rows are added or removed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::digest;
use serde::{Deserialize, Serialize};

use super::{
    filter::Filter,
    sort::{Sort, SortBy},
};
use crate::platform::user_id::{UserId, UserIdKind};

/// A key holds an e-mail address at most, and all else is small.
pub const MAX_ENCODED_BYTES: usize = 2_048;

/// Where PostgreSQL's calendar begins, 4714-11-24 BC (its manual, section 8.5), in microseconds since
/// 1970. Its end lies beyond what [`DateTime`] can be.
const FIRST_MICROSECOND: i64 = -210_866_803_200_000_000;

/// Enough of a hash to notice an honest mistake; a cursor grants nothing, so nobody gains by
/// forging one.
const FINGERPRINT_BYTES: usize = 8;

/// The place beside one row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Which side of the row.
    pub direction: Direction,
    /// What the list is sorted by, of that row.
    pub key: SortKey,
    /// The row's id.
    pub id: UserId,
}

/// Which way to go on from a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To the rows after it.
    #[serde(rename = "n")]
    Next,
    /// To the rows before it.
    #[serde(rename = "p")]
    Previous,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Next => Self::Previous,
            Self::Previous => Self::Next,
        }
    }
}

/// The value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// For [`SortBy::CreatedAt`]. No time comes before all others.
    Time(Option<DateTime<Utc>>),
    /// For [`SortBy::Username`] and [`SortBy::Email`]: the value in lower case as the database
    /// folds it.
    Text(String),
    /// For [`SortBy::Id`]: the id of the cursor.
    Id,
}

/// What an encoded cursor holds, in short names because it travels in URLs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    d: Direction,
    k: String,
    i: String,
    q: String,
}

/// Why a cursor was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was not made by us.
    #[error("Parameter cursor is not a cursor that this API gave out")]
    Malformed,
    /// It belongs to another list.
    #[error(
        "Parameter cursor belongs to a list with other filters or another order; \
         repeat the parameters of the request that gave it out"
    )]
    OtherQuery,
}

impl Cursor {
    /// The text for URLs. It is bound to filter and order, so that it cannot be used in a list
    /// where it would mean another place.
    #[must_use]
    pub fn encode(&self, filter: &Filter, sort: Sort) -> String {
        let encoded = Encoded {
            d: self.direction,
            k: match &self.key {
                SortKey::Time(Some(time)) => time.timestamp_micros().to_string(),
                SortKey::Text(text) => text.clone(),
                SortKey::Time(None) | SortKey::Id => String::new(),
            },
            i: self.id.to_string(),
            q: fingerprint(filter, sort),
        };
        // Strings and numbers always have a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&encoded).unwrap_or_default())
    }

    /// Reads the text back.
    pub fn decode(
        text: &str,
        filter: &Filter,
        sort: Sort,
        id_kind: UserIdKind,
    ) -> Result<Self, CursorError> {
        if text.len() > MAX_ENCODED_BYTES {
            return Err(CursorError::Malformed);
        }
        let json = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| CursorError::Malformed)?;
        let encoded: Encoded = serde_json::from_slice(&json).map_err(|_| CursorError::Malformed)?;
        if encoded.q != fingerprint(filter, sort) {
            return Err(CursorError::OtherQuery);
        }
        let key = match sort.by {
            SortBy::Id => SortKey::Id,
            SortBy::CreatedAt if encoded.k.is_empty() => SortKey::Time(None),
            SortBy::CreatedAt => {
                let micros = encoded.k.parse().map_err(|_| CursorError::Malformed)?;
                let time =
                    DateTime::from_timestamp_micros(micros).filter(|_| micros >= FIRST_MICROSECOND);
                SortKey::Time(Some(time.ok_or(CursorError::Malformed)?))
            }
            // The server takes no NUL in a text.
            SortBy::Username | SortBy::Email if encoded.k.contains('\0') => {
                return Err(CursorError::Malformed);
            }
            SortBy::Username | SortBy::Email => SortKey::Text(encoded.k),
        };
        Ok(Self {
            direction: encoded.d,
            key,
            id: UserId::parse(&encoded.i, id_kind).ok_or(CursorError::Malformed)?,
        })
    }
}

/// A hash of everything that decides which rows a list has, and in which order.
fn fingerprint(filter: &Filter, sort: Sort) -> String {
    let Filter {
        is_active,
        is_superuser,
        search,
        email,
        username,
        ids,
        created_from,
        created_to,
    } = filter;
    // Cursors of other lists stay as they were in earlier releases.
    let more = if filter.is_look_up() || filter.has_range() {
        format!(" {email:?} {username:?} {ids:?} {created_from:?} {created_to:?}")
    } else {
        String::new()
    };
    let canonical = format!(
        "{is_active:?} {is_superuser:?} {} {} {search:?}{more}",
        sort.by.as_str(),
        sort.order.as_str()
    );
    let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..FINGERPRINT_BYTES])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::users::{SearchTerm, SortOrder};

    const BY_EMAIL: Sort = Sort {
        by: SortBy::Email,
        order: SortOrder::Ascending,
    };
    const BY_TIME: Sort = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Descending,
    };

    fn at(key: SortKey) -> Cursor {
        Cursor {
            direction: Direction::Next,
            key,
            id: 7.into(),
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let filter = Filter::default();
        let by_email = at(SortKey::Text("ünï@example.com".to_owned()));
        let by_time = at(SortKey::Time(DateTime::from_timestamp_micros(
            1_700_000_000_123_456,
        )));
        let without_time = at(SortKey::Time(None));
        for (cursor, sort) in [
            (by_email, BY_EMAIL),
            (by_time, BY_TIME),
            (without_time, BY_TIME),
        ] {
            let text = cursor.encode(&filter, sort);
            assert_eq!(
                Cursor::decode(&text, &filter, sort, UserIdKind::Integer),
                Ok(cursor)
            );
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let filter = Filter::default();
        let text = at(SortKey::Text("a".to_owned())).encode(&filter, BY_EMAIL);
        let other_order = Sort {
            order: SortOrder::Descending,
            ..BY_EMAIL
        };
        assert_eq!(
            Cursor::decode(&text, &filter, other_order, UserIdKind::Integer),
            Err(CursorError::OtherQuery)
        );
        let searching = Filter {
            search: Some(SearchTerm::parse("a").unwrap()),
            ..Filter::default()
        };
        let looking_up = Filter {
            ids: Some(vec![7.into()]),
            ..Filter::default()
        };
        let in_a_range = Filter {
            created_from: Some(DateTime::UNIX_EPOCH),
            ..Filter::default()
        };
        for other in [searching, looking_up, in_a_range] {
            assert_eq!(
                Cursor::decode(&text, &other, BY_EMAIL, UserIdKind::Integer),
                Err(CursorError::OtherQuery)
            );
        }
    }

    #[test]
    fn text_that_is_no_cursor_is_refused() {
        let filter = Filter::default();
        let not_a_time = at(SortKey::Text("yesterday".to_owned())).encode(&filter, BY_TIME);
        let with_nul = at(SortKey::Text("a\0b".to_owned())).encode(&filter, BY_EMAIL);
        let too_long = "A".repeat(MAX_ENCODED_BYTES + 1);
        for (text, sort) in [
            ("", BY_EMAIL),
            ("%%%", BY_EMAIL),
            ("e30", BY_EMAIL),
            (not_a_time.as_str(), BY_TIME),
            (with_nul.as_str(), BY_EMAIL),
            (too_long.as_str(), BY_EMAIL),
        ] {
            assert_eq!(
                Cursor::decode(text, &filter, sort, UserIdKind::Integer),
                Err(CursorError::Malformed),
                "{text}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_place_survives_its_way_through_a_url(key in "[^\0]{0,80}", id in 1..i64::MAX) {
            let cursor = Cursor { direction: Direction::Previous, key: SortKey::Text(key), id: id.into() };
            let text = cursor.encode(&Filter::default(), BY_EMAIL);
            prop_assert!(text.len() <= MAX_ENCODED_BYTES);
            prop_assert_eq!(Cursor::decode(&text, &Filter::default(), BY_EMAIL, UserIdKind::Integer), Ok(cursor));
        }

        #[test]
        fn any_json_in_a_cursor_is_read_or_refused(
            d in "n|p|x",
            k in prop_oneof![any::<String>(), any::<i64>().prop_map(|micros| micros.to_string())],
            i in prop_oneof![any::<String>(), any::<i64>().prop_map(|id| id.to_string())],
        ) {
            let filter = Filter::default();
            let q = fingerprint(&filter, BY_TIME);
            let json = serde_json::json!({ "d": d, "k": k, "i": i, "q": q }).to_string();
            // Whatever comes of it, it must come.
            let _ = Cursor::decode(&URL_SAFE_NO_PAD.encode(json), &filter, BY_TIME, UserIdKind::Integer);
        }
    }
}
