//! `rollcall audit verify`.

use std::time::Duration;

use rig::TestDatabase;
use shared::store::seals::{Seal, seal};
use sqlx::Executor as _;

use super::Machine;

/// Seals one entry. Transactions of other databases of the server are waited for.
async fn sealed(database: &TestDatabase) -> Seal {
    let pool = database.pool();
    pool.execute("INSERT INTO user_audit (action, actor_kind) VALUES ('user.create', 'operator')")
        .await
        .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let wait = async {
        loop {
            if let Some(seal) = seal(&mut connection).await.unwrap() {
                return seal;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_log_is_as_it_was_written_until_somebody_changes_it() {
    let database = TestDatabase::create().await.unwrap();
    let Seal { number, hash } = sealed(&database).await;
    let kept = format!("{number}:{hash}");
    let machine = Machine::new();
    let verify = ["audit", "verify", "--database-url", database.url()];
    let with_seal = |seal| [&verify[..], &["--seal", seal]].concat();
    assert_eq!(
        machine.output(&with_seal(&kept)).await,
        format!("ok: 1 entries are as they were sealed, 0 are not sealed yet\nlast seal {kept}\n")
    );
    let next = format!("2:{hash}");
    let later = machine.run(&with_seal(&next)).await;
    later.assert(1, "error: seal 2: the seal is gone");
    machine
        .run(&with_seal("1:00"))
        .await
        .assert(2, "64 hexadecimal digits");
    let change = "UPDATE user_audit SET action = 'user.delete'";
    database.pool().execute(change).await.unwrap();
    let changed = machine.run(&verify).await;
    changed.assert(1, "error: seal 1, entry 1: the entry was changed");
}
