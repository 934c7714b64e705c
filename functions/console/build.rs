//! Compresses the files of `console/dist`, which `npm run build` has written, and lists them for `assets.rs`.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};

fn main() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist");
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script where to write in this way only"
    )]
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed={}", source.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut list = String::from("&[\n");
    let mut paths: Vec<_> = fs::read_dir(source)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let content = fs::read(&path)?;
        let compressed = target.join(format!("{name}.gz"));
        // Without a time, so that the same files make the same program.
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        fs::write(&compressed, encoder.finish()?)?;
        list += &format!(
            "Asset {{ name: {name:?}, plain: include_bytes!({:?}), gzip: include_bytes!({:?}) }},\n",
            path.canonicalize()?,
            compressed
        );
    }
    fs::write(target.join("assets.rs"), list + "]\n")
}
