//! Lists what the folders of `languages/` hold, so that a language is added by adding a folder.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[expect(clippy::disallowed_methods, reason = "so cargo speaks with a build script")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("languages");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut list = String::from("&[");
    for folder in entries(&root)? {
        let tag = folder.file_name().and_then(|name| name.to_str()).ok_or("a language's folder has no name")?;
        write!(list, "({tag:?}, &[")?;
        for file in entries(&folder)? {
            write!(list, "include_str!({:?}),", file.display().to_string())?;
        }
        list.push_str("]),");
    }
    list.push(']');
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("languages.rs"), list)?;
    Ok(())
}
