//! The statements of lists and searches, as files for people who read SQL.
//!
//! `UPDATE_EXPECT=1 cargo test -p shared statements` writes them anew.

use chrono::DateTime;
use expect_test::{ExpectFile, expect_file};
use sqlformat::{FormatOptions, Indent, QueryParams};
use sqlx::{Postgres, QueryBuilder};

use super::{
    count::{select_range_count, select_scanned_count},
    look_up::select_found,
    page_bounds::PageBounds,
    scan::{select_matches, select_page},
    trigram_search::{select_count, select_estimate, select_ids, select_rows},
};
use crate::users::{
    CountMode, Cursor, Direction, ExactValue, Filter, ListQuery, Position, SearchTerm, Sort,
    SortBy, SortKey, SortOrder,
};

fn first_page(by: SortBy, order: SortOrder) -> ListQuery {
    ListQuery {
        filter: Filter::default(),
        sort: Sort { by, order },
        position: Position::Page(1),
        size: 20,
        count: CountMode::Capped,
        scan_limit: 10_000,
    }
}

fn after(key: SortKey, direction: Direction, query: ListQuery) -> ListQuery {
    let cursor = Cursor {
        direction,
        key,
        id: 1.into(),
    };
    ListQuery {
        position: Position::Cursor(cursor),
        ..query
    }
}

fn searching(term: &str, mut query: ListQuery) -> ListQuery {
    query.filter.search = Some(SearchTerm::parse(term).unwrap());
    query
}

fn check(statement: &QueryBuilder<'_, Postgres>, file: &ExpectFile) {
    let options = FormatOptions {
        indent: Indent::Spaces(4),
        ..FormatOptions::default()
    };
    let text = sqlformat::format(statement.sql(), &QueryParams::None, &options);
    file.assert_eq(&format!("{text};\n"));
}

#[test]
fn a_list_is_one_statement() {
    let newest = first_page(SortBy::CreatedAt, SortOrder::Descending);
    check(
        &select_page(&PageBounds::of(&newest)),
        &expect_file!["statements/list_newest_first.sql"],
    );
    let by_number = ListQuery {
        position: Position::Page(4),
        ..newest
    };
    check(
        &select_page(&PageBounds::of(&by_number)),
        &expect_file!["statements/list_newest_first_page_4.sql"],
    );
    let mut active = first_page(SortBy::Username, SortOrder::Ascending);
    active.filter.is_active = Some(true);
    check(
        &select_page(&PageBounds::of(&active)),
        &expect_file!["statements/list_active_by_username.sql"],
    );
    let key = SortKey::Text("ada".to_owned());
    let next = after(key.clone(), Direction::Next, active.clone());
    check(
        &select_page(&PageBounds::of(&next)),
        &expect_file!["statements/list_active_by_username_next.sql"],
    );
    let previous = after(key, Direction::Previous, active);
    check(
        &select_page(&PageBounds::of(&previous)),
        &expect_file!["statements/list_active_by_username_previous.sql"],
    );
    let mut uncounted = first_page(SortBy::Email, SortOrder::Descending);
    uncounted.filter.is_active = Some(false);
    uncounted.filter.is_superuser = Some(true);
    uncounted.count = CountMode::None;
    check(
        &select_page(&PageBounds::of(&uncounted)),
        &expect_file!["statements/list_inactive_superusers_by_email_uncounted.sql"],
    );
}

#[test]
fn users_are_looked_up_and_ranges_are_cut_out_by_one_statement() {
    let mut some = first_page(SortBy::Username, SortOrder::Ascending);
    some.filter = Filter {
        is_active: Some(true),
        email: ExactValue::parse("Ada@example.com").ok(),
        username: ExactValue::parse("ada").ok(),
        ids: Some(vec![1.into(), 2.into()]),
        ..Filter::default()
    };
    let next = after(SortKey::Text("ada".to_owned()), Direction::Next, some);
    check(
        &select_found(&PageBounds::of(&next)),
        &expect_file!["statements/look_up_active_by_username_next.sql"],
    );
    let mut range = first_page(SortBy::CreatedAt, SortOrder::Descending);
    range.filter = Filter {
        is_active: Some(true),
        is_superuser: Some(false),
        created_from: Some(DateTime::UNIX_EPOCH),
        created_to: Some(DateTime::UNIX_EPOCH),
        ..Filter::default()
    };
    check(
        &select_page(&PageBounds::of(&range)),
        &expect_file!["statements/list_created_in_range.sql"],
    );
    check(
        &select_range_count(&range, 10_001),
        &expect_file!["statements/list_created_in_range_count.sql"],
    );
}

#[test]
fn a_search_scans_or_collects() {
    let newest = first_page(SortBy::CreatedAt, SortOrder::Descending);
    for (term, words) in [
        ("tom", "one_word"),
        (r#"anna "van der""#, "words"),
        ("jo 花", "short_words"),
        ("jo li", "two_letters"),
        ("+", "uncommon"),
    ] {
        let term = SearchTerm::parse(term).unwrap();
        check(
            &select_count(&newest, &term, 10_001),
            &expect_file![format!("statements/search_count_{words}.sql")],
        );
    }
    let term = SearchTerm::parse("tom").unwrap();
    let list = searching("tom", newest);
    let bounds = PageBounds::of(&list);
    check(
        &select_matches(&bounds, &term),
        &expect_file!["statements/search_scan.sql"],
    );
    check(
        &select_estimate(&list, &term),
        &expect_file!["statements/search_estimate.sql"],
    );
    check(
        &select_ids(&bounds, &term),
        &expect_file!["statements/search_trigrams.sql"],
    );
    check(
        &select_scanned_count(&list, &term, 10_000, 10_001),
        &expect_file!["statements/search_count_by_scan.sql"],
    );
    let by_email = first_page(SortBy::Email, SortOrder::Ascending);
    let key = SortKey::Text("ada@example.com".to_owned());
    let words = r#"anna "van der""#;
    let next = after(key, Direction::Next, searching(words, by_email));
    let bounds = PageBounds::of(&next);
    let term = SearchTerm::parse(words).unwrap();
    check(
        &select_matches(&bounds, &term),
        &expect_file!["statements/search_scan_by_email_next.sql"],
    );
    check(
        &select_ids(&bounds, &term),
        &expect_file!["statements/search_trigrams_by_email_next.sql"],
    );
    check(
        &select_rows(&bounds, &[]),
        &expect_file!["statements/search_trigram_rows_by_email.sql"],
    );
}
