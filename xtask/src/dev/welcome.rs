//! What `cargo dev` says when everything runs.

use crate::console;

/// Prints the URL, a token and commands to try, and how to go on.
pub(super) fn print(port: u16, token: &str) {
    let base = format!("http://127.0.0.1:{port}");
    console::say(&format!(
        r#"
rollcall answers on {base}; its console is {base}/console

A superuser's token for 24 hours (another: cargo xtask token). Paste it first:

TOKEN={token}

Then, for example:

curl -sw '\n' -H "Authorization: Bearer $TOKEN" {base}/api/v1/dashboard/stats

curl -sw '\n' -H "Authorization: Bearer $TOKEN" '{base}/api/v1/users?is_active=true&search=mar&sort_by=username&sort_order=asc&size=3'

curl -sw '\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' {base}/api/v1/users/bulk -d '[{{"email":"ada@example.com","username":"ada"}},{{"email":"grace@example.com","username":"grace","full_name":"Grace Hopper"}},{{"email":"alan@example.com","username":"alan","is_active":false}}]'

Or with the command for operators, after `cargo install --path cli`:

rollcall --url {base} --token "$TOKEN" users list --search mar --size 3

Ctrl-C stops everything; the data stays (cargo dev --reset starts over).
Edited functions are rebuilt and restarted by themselves. Next: `cargo verify` runs all checks and tests."#
    ));
}
