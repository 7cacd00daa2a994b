//! Structural checks and generators: `cargo xtask check`, `gen`, `ci`.

mod languages;
mod laws;

use std::path::Path;
use std::process::{Command, ExitCode};

use fs_err as fs;

type Done = Result<(), String>;

const HELP: &str = "cargo xtask check  the laws of ARCHITECTURE.md that names and texts can break
cargo xtask gen    writes schemas/ from the code; a test says which of them are stale
cargo xtask ci     what guards the tree, short of the tests' servers and browser (script/test runs all)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["check"] => check(),
        ["gen"] => generate(),
        ["ci"] => ci(),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is not the product: it starts cargo and git")]
fn program(words: &[&str]) -> Result<Command, String> {
    let (name, rest) = words.split_first().ok_or("no program")?;
    let mut command = Command::new(name);
    command.args(rest);
    Ok(command)
}

fn run(words: &[&str]) -> Done {
    let status = program(words)?.status().map_err(|error| format!("{}: {error}", words.join(" ")))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {}", words.join(" "))) }
}

fn output(words: &[&str]) -> Result<String, String> {
    let output = program(words)?.output().map_err(|error| format!("{}: {error}", words.join(" ")))?;
    if !output.status.success() {
        return Err(format!("failed: {}\n{}", words.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// Every text that git tracks or would.
fn tree() -> Result<Vec<(String, String)>, String> {
    let names = output(&["git", "ls-files", "--cached", "--others", "--exclude-standard"])?;
    let mut texts = Vec::new();
    for name in names.lines().filter(|name| Path::new(name).is_file()) {
        let bytes = fs::read(name).map_err(|error| error.to_string())?;
        texts.push((name.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(texts)
}

fn check() -> Done {
    let tree = tree()?;
    let mut broken: Vec<String> =
        tree.iter().flat_map(|(path, text)| laws::EACH.iter().flat_map(move |law| law(path, text))).collect();
    broken.extend(laws::EVERY.iter().flat_map(|law| law(&tree)));
    let metadata = output(&["cargo", "metadata", "--no-deps", "--locked", "--format-version", "1"])?;
    let metadata = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    broken.extend(laws::arrows(&metadata));
    if broken.is_empty() {
        let held = laws::EACH.len() + laws::EVERY.len() + 1;
        eprintln!("{held} laws hold over {} files", tree.len());
        Ok(())
    } else {
        Err(broken.join("\n"))
    }
}

fn generate() -> Done {
    run(&["cargo", "run", "--quiet", "--locked", "--package", "tanod", "--", "gen", "schemas"])
}

fn ci() -> Done {
    run(&["cargo", "fmt", "--all", "--check"])?;
    run(&["cargo", "clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    check()?;
    for (name, words) in [("cargo-deny", ["cargo", "deny", "check"].as_slice()), ("typos", &["typos"])] {
        if output(&[name, "--version"]).is_ok() {
            run(words)?;
        } else {
            eprintln!(
                "not run, for it is not installed: cargo install --locked {name}{}",
                if name == "typos" { "-cli" } else { "" }
            );
        }
    }
    run(&["cargo", "nextest", "run", "--workspace"])
}
