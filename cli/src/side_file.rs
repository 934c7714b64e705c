//! A file beside the users: the rows that were rejected, and why.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// What stands around the entries of a file.
pub struct Layout {
    pub opening: Vec<u8>,
    pub separator: &'static [u8],
    pub closing: &'static [u8],
}

/// A file that is made when it gets its first entry.
pub struct SideFile {
    path: PathBuf,
    layout: Layout,
    file: Option<File>,
    length: u64,
}

impl SideFile {
    /// Continues the file of an earlier run, which had this length when that run last knew: what was
    /// written later belongs to a batch that is sent again. A new run begins with no file.
    pub fn open(path: PathBuf, layout: Layout, length: u64) -> Result<Self> {
        let mut file = None;
        if length > 0 {
            let context = || format!("cannot continue {}", path.display());
            let mut earlier = OpenOptions::new()
                .write(true)
                .open(&path)
                .with_context(context)?;
            earlier.set_len(length).with_context(context)?;
            earlier.seek(SeekFrom::End(0)).with_context(context)?;
            file = Some(earlier);
        } else if path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot replace {}", path.display()))?;
        }
        Ok(Self {
            path,
            layout,
            file,
            length,
        })
    }

    /// Adds entries.
    pub fn append(&mut self, entries: &[&[u8]]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let text = entries.join(self.layout.separator);
        let context = || format!("cannot write {}", self.path.display());
        let (mut file, before) = match self.file.take() {
            Some(file) => (file, self.layout.separator),
            None => (
                create(&self.path).with_context(context)?,
                &*self.layout.opening,
            ),
        };
        let text = [before, &text].concat();
        file.write_all(&text).with_context(context)?;
        self.length += text.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// Its length without the closing.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Completes the file, and gives its path if there is one.
    pub fn finish(&mut self) -> Result<Option<&Path>> {
        let Some(mut file) = self.file.take() else {
            return Ok(None);
        };
        file.write_all(self.layout.closing)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(Some(&self.path))
    }
}

/// Rows may hold passwords.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}
