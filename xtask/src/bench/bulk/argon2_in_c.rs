//! How fast the C implementation of argon2 hashes on this machine.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use servers::{PythonTool, Toolbox};

/// As many hashes as fit two seconds on one core, by the library that argon2's authors wrote.
const SCRIPT: &str = "
import time
from argon2.low_level import Type, hash_secret_raw
started = time.perf_counter()
hashes = 0
while time.perf_counter() - started < 2:
    hash_secret_raw(b'correct horse battery', b'sixteen bytes of', time_cost=2, memory_cost=19456,
                    parallelism=1, hash_len=32, type=Type.ID)
    hashes += 1
print(hashes / (time.perf_counter() - started))
";

/// The library, found or fetched.
pub(super) struct Argon2InC(PythonTool);

impl Argon2InC {
    pub(super) fn find_or_fetch() -> Result<Self> {
        Ok(Self(Toolbox::of_workspace().python("argon2")?))
    }

    /// Hashes per second of one thread alone.
    pub(super) fn hashes_of_one_core(&self) -> Result<f64> {
        let mut python = Command::new(self.0.python());
        let output = self
            .0
            .apply(&mut python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "argon2 in C does not run");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim()
            .parse()
            .with_context(|| format!("{text:?} is no rate"))
    }
}
