//! The account that servers run under: `PostgreSQL` refuses to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// Used when the machine has no account that is meant for servers: `nobody` on Linux.
const NOBODY: u32 = 65534;

/// Whose processes the servers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The account that runs this program.
    Own,
    /// Another one, because this program runs as root.
    Other {
        /// Its name, for messages.
        name: String,
        /// Its user id.
        uid: u32,
        /// Its main group.
        gid: u32,
    },
}

impl Account {
    /// The account to run `PostgreSQL` under, on this machine and for whoever runs this program.
    #[must_use]
    pub fn for_postgres() -> Self {
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self::choose(nix::unistd::geteuid().as_raw(), &accounts)
    }

    fn choose(effective_uid: u32, accounts: &str) -> Self {
        if effective_uid != 0 {
            return Self::Own;
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| find_account(accounts, name))
            .unwrap_or_else(|| Self::Other {
                name: "nobody".to_owned(),
                uid: NOBODY,
                gid: NOBODY,
            })
    }

    /// Makes `command` run under this account.
    pub fn apply<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        match self {
            Self::Own => command,
            Self::Other { uid, gid, .. } => command.gid(*gid).uid(*uid),
        }
    }

    /// Hands a file or a folder to this account.
    pub fn give(&self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { name, uid, gid } => chown(path, Some(*uid), Some(*gid))
                .with_context(|| format!("could not hand {} to {name}", path.display())),
        }
    }

    /// Whether this account passes one of `test`'s questions about a path, such as `-x`.
    ///
    /// The kernel is asked, through a process of the account, because folder modes alone do not
    /// tell the whole story (access lists, mounts).
    pub fn passes(&self, question: &str, path: &Path) -> io::Result<bool> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "test \"$1\" \"$2\"", "test", question])
            .arg(path)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(self.apply(&mut command).status()?.success())
    }
}

fn find_account(accounts: &str, wanted: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| *name == wanted)?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Account::Other {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "root:x:0:0:root:/root:/bin/bash\n\
        nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n\
        postgres:x:104:111:PostgreSQL administrator:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn an_ordinary_user_runs_servers_under_the_own_account() {
        assert_eq!(Account::choose(1000, DEBIAN), Account::Own);
    }

    #[test]
    fn root_prefers_the_account_made_for_postgresql() {
        let expected = Account::Other {
            name: "postgres".to_owned(),
            uid: 104,
            gid: 111,
        };
        assert_eq!(Account::choose(0, DEBIAN), expected);
    }

    #[test]
    fn root_falls_back_to_nobody() {
        let expected = Account::Other {
            name: "nobody".to_owned(),
            uid: 65534,
            gid: 65533,
        };
        let without_postgres = &DEBIAN[..DEBIAN.find("postgres:").unwrap()];
        assert_eq!(Account::choose(0, without_postgres), expected);
    }

    #[test]
    fn root_is_never_chosen_whatever_the_account_file_says() {
        let chosen = Account::choose(0, "postgres:x:0:0::/:/bin/sh\nbroken line\n");
        let expected = Account::Other {
            name: "nobody".to_owned(),
            uid: NOBODY,
            gid: NOBODY,
        };
        assert_eq!(chosen, expected);
    }
}
