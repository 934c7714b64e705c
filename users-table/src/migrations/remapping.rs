//! Another mapping of a table that is adopted: the log of changes and stored answers stay.

use sqlx::{Connection as _, Executor as _, PgConnection, raw_sql};

use super::{Error, adoptable, adoption, is_busy, retry_on_lock_timeout};
use crate::{
    adoption::{drop_index, find_mapping},
    catalogue,
    mapping::{self, TablePlan},
    users_table::{UsersMapping, UsersTable},
};

/// Applies a mapping, if another one of the same table was applied before.
///
/// Indexes that are different are built beside the old ones. Then view, triggers and counts are made anew in one
/// transaction, which locks the table for as long as it takes to count the users. Each step can be interrupted
/// and begun again.
pub(super) async fn apply_changed_mapping(
    connection: &mut PgConnection,
    users_table: &UsersTable,
) -> Result<(), Error> {
    let Some(mapping) = users_table.mapping() else {
        return Ok(());
    };
    drop_stale_indexes(connection).await?;
    let before = find_mapping(connection).await?;
    let before: Option<UsersMapping> = before.and_then(|before| serde_json::from_str(&before).ok());
    let Some(before) = before.filter(|before| before != mapping) else {
        return Ok(());
    };
    let plan = mapping::plan(connection, mapping).await?;
    let old = mapping::plan(connection, &before).await?;
    if !plan.has_ids_of(&old) {
        return adoptable(vec![format!(
            "USERS_TABLE names another table or another id than the mapping that was applied, which is {}: invoke \
             migrate with the old one and {{\"command\": \"remove\"}} first",
            before.to_json()
        )]);
    }
    adoptable(adoption::duplicates(connection, Some(&plan)).await?)?;
    remap(connection, &plan, &old).await?;
    Ok(drop_stale_indexes(connection).await?)
}

async fn remap(
    connection: &mut PgConnection,
    plan: &TablePlan,
    before: &TablePlan,
) -> Result<(), sqlx::Error> {
    let remapping = plan.remapping(before);
    catalogue::run_each(connection, &remapping.create).await?;
    retry_on_lock_timeout(is_busy, async || {
        let mut transaction = connection.begin().await?;
        let grants: Vec<String> = sqlx::query_scalar(GRANTS)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.execute("SET LOCAL lock_timeout = '1s'").await?;
        for statement in remapping.statements.iter().chain(&grants) {
            raw_sql(statement).execute(&mut *transaction).await?;
        }
        sqlx::query("UPDATE users_before_rollcall SET definition = $1 WHERE kind = 'mapping'")
            .bind(&remapping.mapping)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    })
    .await
}

/// Drops indexes that were replaced, and those of a change that did not come to its end.
async fn drop_stale_indexes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let stale: Vec<String> = sqlx::query_scalar(
        "SELECT pg_class.oid::regclass::text
         FROM pg_class
         WHERE relkind = 'i'
             AND relname ~ '^rollcall_users_.*_(next|replaced)$'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for index in stale {
        drop_index(connection, &index).await?;
    }
    Ok(())
}

/// Rights that others have been given on what is made anew.
const GRANTS: &str = "
    SELECT format(
        'GRANT %s ON %s TO %s%s',
        privilege_type,
        relname,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    )
    FROM pg_class
    CROSS JOIN aclexplode(relacl)
    WHERE relnamespace = 'rollcall'::regnamespace
        AND relname IN (
            'users',
            'user_counts_drift',
            'user_signups_drift',
            'user_count_totals',
            'user_count_changes',
            'user_signups'
        )
        AND grantee <> relowner
    UNION ALL
    SELECT format(
        'GRANT EXECUTE ON FUNCTION %s TO %s',
        pg_proc.oid::regprocedure,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    )
    FROM pg_proc
    CROSS JOIN aclexplode(proacl)
    WHERE pronamespace = 'rollcall'::regnamespace
        AND proname IN ('compact_user_counts', 'repair_user_counts')
        AND grantee <> proowner";
