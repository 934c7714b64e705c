//! A cursor of a list, in each order. What is accepted must mean the same when it is given out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::users::{Cursor, Filter, Sort, SortBy, SortOrder};

fuzz_target!(|data: &str| {
    let filter = Filter::default();
    for by in [SortBy::CreatedAt, SortBy::Username, SortBy::Email] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let sort = Sort { by, order };
            if let Ok(cursor) = Cursor::decode(data, &filter, sort) {
                let again = cursor.encode(&filter, sort);
                assert_eq!(Cursor::decode(&again, &filter, sort), Ok(cursor));
            }
        }
    }
});
