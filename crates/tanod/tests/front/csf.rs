//! US-35: the mapping of what protects preserved material to the NIST Cybersecurity Framework is complete, or this fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    function: String,
    category: String,
    words: String,
    kept_by: Vec<String>,
    shown_by: Vec<String>,
    #[serde(default)]
    operator: String,
}

#[derive(serde::Deserialize)]
struct File {
    version: String,
    control: Vec<Control>,
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_mapping_to_the_csf_is_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let text = fs_err::read_to_string(root.join("config/csf-2.0.toml")).unwrap();
    let file: File = toml::from_str(&text).unwrap();
    assert_eq!(file.version, "2.0");
    let functions: BTreeSet<&str> = file.control.iter().map(|control| control.function.as_str()).collect();
    assert_eq!(
        functions.into_iter().collect::<Vec<_>>(),
        ["detect", "govern", "identify", "protect", "recover", "respond"]
    );

    let mut sources = Vec::new();
    rust_files(&root.join("crates"), &mut sources);
    let texts: Vec<String> = sources.iter().map(|path| fs_err::read_to_string(path).unwrap()).collect();
    let mut mapped = BTreeSet::new();
    for control in &file.control {
        let (letters, place) = control.category.split_once('.').unwrap();
        assert!(letters.len() == 2 && place.len() == 2 && control.words.len() > 30, "{}", control.category);
        assert!(!control.kept_by.is_empty() || !control.operator.is_empty());
        for kept in &control.kept_by {
            assert!(root.join(kept).exists(), "{kept} is not there");
            mapped.insert(kept.clone());
        }
        for test in &control.shown_by {
            let name = format!("fn {test}(");
            assert!(texts.iter().any(|text| text.contains(&name)), "no test is called {test}");
        }
    }
    // Every part of the vault and of the domain that uses it.
    for folder in ["crates/vault/src", "crates/tanod/src/evidence"] {
        let mut parts = Vec::new();
        rust_files(&root.join(folder), &mut parts);
        for part in parts {
            let part = part.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            assert!(mapped.contains(&part), "{part} protects preserved material and is mapped to nothing");
        }
    }
}
