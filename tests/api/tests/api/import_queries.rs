//! The import's SQL alone, with rows that the checks before it would not let through.

use shared::platform::database::{Query, Refusal, RefusalKind, TransactionOutcome};
use shared::platform::http::response::Answer;
use shared::store::bulk::{
    ConflictWith, FindConflicts, Import, ImportRow, Imported, ImportedUser, OnConflict,
    RowConflict, RowResult,
};

use crate::world::World;

fn row(email: &str, username: &str) -> ImportRow {
    ImportRow {
        email: email.to_owned(),
        username: username.to_owned(),
        full_name: None,
        password_hash: None,
        is_active: None,
        is_superuser: None,
        created_at: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an import asks for it")]
fn write_answer(users: &[ImportedUser]) -> Result<Answer, shared::platform::error::Error> {
    let results: Vec<_> = users
        .iter()
        .map(|imported| match imported.result {
            RowResult::Created => "created",
            RowResult::Updated => "updated",
            RowResult::Skipped => "skipped",
        })
        .collect();
    Ok(Answer {
        status: 201.try_into().unwrap(),
        body: results.join(" "),
    })
}

async fn import(
    world: &World,
    rows: &[ImportRow],
    on_conflict: OnConflict,
) -> Result<TransactionOutcome<Imported>, sqlx::Error> {
    let import = Import {
        rows,
        on_conflict,
        is_dry_run: false,
        keyed: None,
        write_answer: &write_answer,
    };
    let mut transaction = world.database.pool().begin().await.unwrap();
    let outcome = import.run(&mut transaction).await;
    transaction.rollback().await.unwrap();
    outcome
}

fn refused(outcome: Result<TransactionOutcome<Imported>, sqlx::Error>) -> Vec<RowConflict> {
    match outcome.unwrap() {
        TransactionOutcome::RollBack(Imported::Refused(conflicts)) => conflicts,
        other => panic!("{other:?}"),
    }
}

/// The lower cases of Rust and the database may differ when either learns of new letters.
#[tokio::test]
async fn rows_that_only_the_database_finds_alike_are_named() {
    let world = World::new().await;
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
    let refusal = import(&world, &rows, OnConflict::Fail).await.unwrap_err();
    let refusal = Refusal::of(&refusal).unwrap();
    assert_eq!(refusal.kind, RefusalKind::Unique);
    let mut connection = world.database.pool().acquire().await.unwrap();
    let found = FindConflicts { rows: &rows }.run(&mut connection).await;
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
        assert_eq!(refused(import(&world, &rows, mode).await), expected);
    }
}

#[tokio::test]
async fn two_rows_that_mean_one_stored_user_are_duplicates() {
    let world = World::new().await;
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
        assert_eq!(refused(import(&world, &rows, mode).await), expected);
    }
}

#[tokio::test]
async fn a_username_that_moves_between_stored_users_is_a_conflict() {
    let world = World::new().await;
    let rows = [
        row("admin@example.com", "ordinary"),
        row("ordinary@example.com", "admin"),
        row("retired@example.com", "retired"),
    ];
    let conflicts = refused(import(&world, &rows, OnConflict::Update).await);
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
