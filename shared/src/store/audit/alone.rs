//! Entries in transactions of their own: about what was taken back, or never begun.

use crate::platform::{
    actor::Actor,
    database::{Database, OnAmbiguousCommit, Transaction, TransactionOutcome},
    deadline::Deadline,
    error::chain,
};

/// Commits what `write` writes. Fails only into the log of the function, because the caller has to be told of the
/// refusal, whatever becomes of this.
pub async fn commit<F>(
    database: &Database,
    deadline: &Deadline,
    actor: &Actor,
    write: impl Fn(Transaction) -> F + Sync,
) where
    F: Future<Output = (Result<(), sqlx::Error>, Transaction)> + Send,
{
    let write = &write;
    let written = database
        .transaction(deadline, actor, OnAmbiguousCommit::Fail, |tx| async move {
            let (written, tx) = write(tx).await;
            let outcome = written.map(TransactionOutcome::Commit);
            (outcome.map_err(Into::into), tx)
        })
        .await;
    if let Err(failure) = written {
        tracing::error!(
            error = chain(&failure),
            "a refusal is not in the log of changes"
        );
    }
}
