//! A share of the machine's computing time, kept by the kernel's control groups.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// Time is given out anew after each of these, in microseconds. Short ones make short waits; the kernel
/// takes no quota below a millisecond, which is what 128 MB get of this one and a little more.
const PERIOD: u32 = 20_000;

/// Where control groups are: version 2 in one tree, version 1 in one for each kind.
const UNIFIED: &str = "/sys/fs/cgroup";
const PROCESSOR: &str = "/sys/fs/cgroup/cpu";

/// A control group with a quota. It is taken away when this is dropped, after its processes.
pub(super) struct Quota {
    megabytes: u32,
    group: PathBuf,
    folder: TempDir,
}

impl Quota {
    /// Makes a group whose processes get this share of one core, all together.
    pub(super) fn set(megabytes: u32, share: f64) -> Result<Self> {
        let is_unified = Path::new(UNIFIED).join("cgroup.controllers").exists();
        let root = Path::new(if is_unified { UNIFIED } else { PROCESSOR });
        if !root.is_dir() {
            bail!("this system has no control groups, and a quota needs them");
        }
        let group = root.join(format!("rollcall-{}-{megabytes}", std::process::id()));
        fs::create_dir(&group).with_context(|| {
            format!(
                "a quota needs a control group of its own: run this as root, where {} can be written to",
                root.display()
            )
        })?;
        let quota = Self {
            megabytes,
            group,
            folder: tempfile::tempdir()?,
        };
        let time = (f64::from(PERIOD) * share).round();
        if is_unified {
            quota.write("cpu.max", &format!("{time} {PERIOD}"))?;
        } else {
            quota.write("cpu.cfs_period_us", &PERIOD.to_string())?;
            quota.write("cpu.cfs_quota_us", &time.to_string())?;
        }
        Ok(quota)
    }

    /// The memory size that this stands for.
    pub(super) fn megabytes(&self) -> u32 {
        self.megabytes
    }

    /// A program that is `original` in this group, from its first instruction on.
    pub(super) fn program(&self, original: &Path) -> Result<PathBuf> {
        let name = original.file_name().context("a program has a name")?;
        let path = self.folder.path().join(name);
        let script = format!(
            "#!/bin/sh\necho $$ >'{}/cgroup.procs' && exec '{}'\n",
            self.group.display(),
            original.display()
        );
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    fn write(&self, file: &str, value: &str) -> Result<()> {
        let path = self.group.join(file);
        fs::write(&path, value)
            .with_context(|| format!("could not write {value} to {}", path.display()))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group that is still in use stays, without any harm.
        let _ = fs::remove_dir(&self.group);
    }
}
