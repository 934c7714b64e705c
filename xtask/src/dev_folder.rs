//! The folder `.dev`: what `cargo dev` keeps from one start to the next.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use ring::rand::SecureRandom as _;
use servers::PostgresOptions;
use servers::places::workspace_root;

/// The paths in the folder.
#[derive(Debug)]
pub struct DevFolder {
    path: PathBuf,
}

impl DevFolder {
    /// Makes the folder if there is none.
    pub fn open() -> Result<Self> {
        let path = workspace_root().join(".dev");
        fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The private database server.
    pub fn postgres(&self) -> PostgresOptions {
        PostgresOptions::persistent(self.path.join("postgres"))
    }

    /// Keeps other `cargo dev` commands away until the file is dropped.
    pub fn lock(&self) -> Result<File> {
        let path = self.path.join("lock");
        let file =
            File::create(&path).with_context(|| format!("could not create {}", path.display()))?;
        file.try_lock().map_err(|_| {
            anyhow!("`cargo dev` runs in this checkout already: stop it, or use its server")
        })?;
        Ok(file)
    }

    /// The key that local tokens are signed with, if one has been made.
    pub fn jwt_key(&self) -> Result<Option<String>> {
        read_if_there(&self.path.join("jwt-key"))
    }

    /// The key that local tokens are signed with.
    pub fn jwt_key_or_new(&self) -> Result<String> {
        if let Some(key) = self.jwt_key()? {
            return Ok(key);
        }
        let mut bytes = [0; 2 * size_of::<u128>()];
        ring::rand::SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| anyhow!("the system gives no random numbers"))?;
        let key = bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect::<String>();
        self.write("jwt-key", &key)?;
        Ok(key)
    }

    /// Whom tokens are for, when nobody says otherwise.
    pub fn superuser(&self) -> Result<Option<i64>> {
        let path = self.path.join("superuser");
        match read_if_there(&path)? {
            Some(text) => match text.parse() {
                Ok(id) => Ok(Some(id)),
                Err(_) => bail!("{} does not hold a user's id", path.display()),
            },
            None => Ok(None),
        }
    }

    /// Remembers whom tokens are for.
    pub fn remember_superuser(&self, id: i64) -> Result<()> {
        self.write("superuser", &id.to_string())
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("could not write {}", path.display()))
    }
}

fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
    }
}
