//! Files and folders on the command line.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::bed::*;

/// Runs a command; answers whether it succeeded, and its JSON lines.
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
fn tanod(args: &[&str], paths: &[&Path]) -> (bool, Vec<Value>) {
    let output = Command::new(env!("CARGO_BIN_EXE_tanod")).args(args).args(paths).arg("--json").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_folder_is_hashed_in_order_and_what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("b");
    fs_err::create_dir_all(&inner).unwrap();
    let media = png(&picture(1, 320, 240));
    fs_err::write(folder.path().join("a.png"), &media).unwrap();
    fs_err::write(inner.join("1.jpg"), jpeg(&picture(1, 320, 240), 90)).unwrap();
    fs_err::write(inner.join("2.txt"), "no picture").unwrap();
    fs_err::write(folder.path().join("c.png"), png(&picture(2, 90, 70))).unwrap();
    // A link in a circle is not followed.
    std::os::unix::fs::symlink(folder.path(), inner.join("circle")).unwrap();

    let (good, rows) = tanod(&["hash"], &[folder.path()]);
    let names: Vec<_> = rows.iter().map(|row| row["file"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["a.png", "1.jpg", "2.txt", "circle", "c.png"]);
    assert!(!good && rows[3]["error"].is_string(), "{rows:?}");
    assert_eq!(rows[0]["fingerprints"]["sha256"], hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&media)));
    assert_eq!(rows[0]["fingerprints"]["pdq"]["hash"].as_str().unwrap().len(), 64);
    assert_eq!((&rows[2]["unscanned"], &rows[2]["fingerprints"]["pdq"]), (&json!("unsupported_format"), &json!(null)));

    let (good, rows) = tanod(&["hash"], &[&folder.path().join("a.png"), &folder.path().join("missing")]);
    assert!(!good && rows[0]["fingerprints"].is_object() && rows[1]["error"].is_string());
}

#[test]
fn a_folder_is_matched_with_what_the_lists_know() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pictures) = (folder.path().join("data"), folder.path().join("pictures"));
    fs_err::create_dir_all(&pictures).unwrap();
    let media = png(&picture(1, 320, 240));
    fs_err::write(pictures.join("1.png"), &media).unwrap();
    fs_err::write(pictures.join("2.png"), png(&resized(&picture(1, 320, 240), 200, 150))).unwrap();
    fs_err::write(pictures.join("3.png"), png(&picture(7, 320, 240))).unwrap();
    let (_, rows) = tanod(&["hash"], &[&pictures.join("1.png")]);
    let prints = &rows[0]["fingerprints"];
    let list = folder.path().join("list.csv");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    fs_err::write(
        &list,
        format!("signal,value\nsha256,{}\npdq,{}\n", text(&prints["sha256"]), text(&prints["pdq"]["hash"])),
    )
    .unwrap();
    let at = ["--data", data.to_str().unwrap()];
    let run = |args: &[&str], paths: &[&Path]| tanod(&[args, &at].concat(), paths);
    // Without a list nothing is clean.
    let (good, rows) = run(&["match"], &[&pictures]);
    assert!(good && rows.iter().all(|row| row["reason"] == "no_list"), "{rows:?}");
    assert!(run(&["bank", "create", "tests", "--kind", "csam"], &[]).0);
    assert_eq!(run(&["bank", "import", "tests"], &[&list]).1[0]["added"], 2);
    let (good, rows) = run(&["match"], &[&pictures]);
    assert!(good);
    let said: Vec<_> = rows.iter().map(|row| (row["verdict"].as_str().unwrap(), row["strength"].as_str())).collect();
    assert_eq!(said, [("match", Some("exact")), ("match", Some("near")), ("no_match", None)]);
    let near = &rows[1]["matches"][0];
    assert!(near["distance"].as_u64().unwrap() <= 31 && near["orientation"] == "upright", "{near}");
}
