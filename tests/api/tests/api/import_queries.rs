//! The import's SQL alone, with rows that the checks before it would not let through.

use shared::{
    platform::{database::refusal, error::RefusalKind},
    store::bulk::{
        self, ConflictWith, ImportRow, OnConflict, RowConflict, Written, find_conflicts,
    },
    store::mapping::UserWrites,
};

use crate::fixture::Fixture;

fn row(email: &str, username: &str) -> ImportRow {
    ImportRow {
        email: email.to_owned(),
        username: Some(username.to_owned()),
        full_name: None,
        password_hash: None,
        is_active: None,
        is_superuser: None,
        created_at: None,
        id: None,
        extra: serde_json::Map::new(),
    }
}

async fn import(
    fixture: &Fixture,
    rows: &[ImportRow],
    on_conflict: OnConflict,
) -> Result<Written, sqlx::Error> {
    let mut transaction = fixture.database.pool().begin().await.unwrap();
    let rows: Vec<_> = rows.iter().collect();
    let written = bulk::write(&mut transaction, UserWrites::new(None), &rows, on_conflict).await;
    transaction.rollback().await.unwrap();
    written
}

fn refused(written: Result<Written, sqlx::Error>) -> Vec<RowConflict> {
    match written.unwrap() {
        Written::Conflicts(conflicts) => conflicts,
        other => panic!("{other:?}"),
    }
}

/// The lower cases of Rust and the database may differ when either learns of new letters.
#[tokio::test]
async fn rows_that_only_the_database_finds_alike_are_named() {
    let fixture = Fixture::new().await;
    let rows = [
        row("one@example.com", "one"),
        row("ONE@example.com", "two"),
        row("three@example.com", "Two"),
    ];
    let expected = [
        RowConflict {
            index: 1,
            field: "email",
            with: ConflictWith::Row(0),
        },
        RowConflict {
            index: 2,
            field: "username",
            with: ConflictWith::Row(1),
        },
    ];
    let error = import(&fixture, &rows, OnConflict::Fail).await.unwrap_err();
    assert_eq!(refusal(&error).unwrap().kind, RefusalKind::Unique);
    let mut connection = fixture.database.pool().acquire().await.unwrap();
    let all: Vec<_> = rows.iter().collect();
    let found = find_conflicts(&mut connection, &all).await;
    assert_eq!(found.unwrap(), expected);

    for mode in [OnConflict::Skip, OnConflict::Update] {
        let rows = [
            row("one@example.com", "one"),
            row("ONE@example.com", "two"),
            row("three@example.com", "One"),
        ];
        let expected = [
            RowConflict {
                index: 1,
                field: "email",
                with: ConflictWith::Row(0),
            },
            RowConflict {
                index: 2,
                field: "username",
                with: ConflictWith::Row(0),
            },
        ];
        assert_eq!(refused(import(&fixture, &rows, mode).await), expected);
    }
}

#[tokio::test]
async fn two_rows_that_mean_one_stored_user_are_duplicates() {
    let fixture = Fixture::new().await;
    let rows = [
        row("admin@example.com", "admin"),
        row("ADMIN@example.com", "other"),
    ];
    for mode in [OnConflict::Skip, OnConflict::Update] {
        let expected = [RowConflict {
            index: 1,
            field: "email",
            with: ConflictWith::Row(0),
        }];
        assert_eq!(refused(import(&fixture, &rows, mode).await), expected);
    }
}

#[tokio::test]
async fn a_username_that_moves_between_stored_users_is_a_conflict() {
    let fixture = Fixture::new().await;
    let rows = [
        row("admin@example.com", "ordinary"),
        row("ordinary@example.com", "admin"),
        row("retired@example.com", "retired"),
    ];
    let conflicts = refused(import(&fixture, &rows, OnConflict::Update).await);
    let found: Vec<_> = conflicts
        .iter()
        .map(|conflict| (conflict.index, conflict.field, conflict.with))
        .collect();
    assert_eq!(
        found,
        [
            (0, "username", ConflictWith::Stored),
            (1, "username", ConflictWith::Stored),
        ]
    );
}
