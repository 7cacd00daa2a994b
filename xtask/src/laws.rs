//! The laws that names and texts can break. Each is a small function from a file, or from all of them, to what it breaks.

use serde_json::Value;

use crate::languages::{details_are_said, languages_agree, templates_only_name, texts_are_used};

/// What a law finds broken in one file, by path and text.
type OfAFile = fn(&str, &str) -> Vec<String>;
/// What a law finds broken in all of them.
type OfTheTree = fn(&[(String, String)]) -> Vec<String>;

/// Laws that one file can break.
pub(crate) const EACH: &[OfAFile] = &[
    sql_only_in_stores,
    stores_are_private,
    backends_only_in_the_plan,
    verbs_take_a_transaction,
    no_schema_of_others,
    nothing_left_to_do,
    not_too_long,
    every_file_says_what_it_is,
    no_empty_names,
    the_project_alone,
];

/// Laws that take all files.
pub(crate) const EVERY: &[OfTheTree] = &[
    migrations_are_numbered,
    unrecorded_are_counted,
    languages_agree,
    texts_are_used,
    details_are_said,
    templates_only_name,
];

/// How many writes commit without an entry in the record. Each has its reason beside it; another one needs a better
/// reason than this number is old.
const UNRECORDED: usize = 38;

fn ours(path: &str) -> bool {
    path.starts_with("crates/tanod/src/") && is_rust(path)
}

fn is_rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == "rs")
}

fn lines<'a>(
    path: &'a str,
    text: &'a str,
    law: &'a str,
    broken: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = String> + 'a {
    text.lines()
        .enumerate()
        .filter(move |(_, line)| broken(line))
        .map(move |(n, line)| format!("{path}:{}: {law}: {}", n + 1, line.trim()))
}

fn sql_only_in_stores(path: &str, text: &str) -> Vec<String> {
    if !ours(path) || path.ends_with("/store.rs") || path.starts_with("crates/tanod/src/store/") {
        return Vec::new();
    }
    let sql = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE ", "ALTER "];
    let law = "SQL belongs into the domain's private store.rs";
    lines(path, text, law, |line| sql.iter().any(|word| line.contains(&format!("\"{word}")))).collect()
}

fn stores_are_private(path: &str, text: &str) -> Vec<String> {
    if !ours(path) || path == "crates/tanod/src/lib.rs" {
        return Vec::new();
    }
    lines(path, text, "a domain's store is nobody else's: `mod store;`", |line| {
        line.contains("mod store;") && line.trim() != "mod store;"
    })
    .collect()
}

fn backends_only_in_the_plan(path: &str, text: &str) -> Vec<String> {
    let adapters = ["plan.rs", "store/mod.rs"];
    if !ours(path) || adapters.iter().any(|name| path == format!("crates/tanod/src/{name}")) {
        return Vec::new();
    }
    let names = ["sqlite:", "postgres:", "postgresql:", "s3://", "awskms:", "nats:"];
    lines(path, text, "plan.rs alone names backends", |line| {
        !line.trim_start().starts_with("//") && names.iter().any(|name| line.contains(name))
    })
    .collect()
}

fn verbs_take_a_transaction(path: &str, text: &str) -> Vec<String> {
    // The doors may: api, pages and their forms, jobs, roles, commands, the straight path of a POST in web, and that of many uploads at once.
    let doors = [
        "/api.rs",
        "/pages.rs",
        "/forms.rs",
        "/jobs.rs",
        "/roles.rs",
        "/cli/",
        "/web/",
        "/intake/arrivals.rs",
        "/notices/public.rs",
        "/store/mod.rs",
    ];
    if !ours(path) || doors.iter().any(|door| path.contains(door)) {
        return Vec::new();
    }
    lines(path, text, "a verb takes a transaction; it neither begins nor commits one", |line| {
        line.contains("db.write()") || line.contains(".commit(")
    })
    .collect()
}

fn no_schema_of_others(path: &str, _: &str) -> Vec<String> {
    let name = path.to_ascii_lowercase();
    let found = [".xsd", ".wsdl"].iter().any(|end| name.ends_with(end));
    found.then(|| format!("{path}: the schema of an outside body is not ours to publish")).into_iter().collect()
}

fn nothing_left_to_do(path: &str, text: &str) -> Vec<String> {
    // Spelt apart, so that this file keeps its own law.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("un", "implemented!"), concat!("to", "do!(")];
    if path.ends_with(".min.js") || path.ends_with("clippy.toml") {
        return Vec::new();
    }
    lines(path, text, "do it, or open an issue", move |line| marks.iter().any(|mark| line.contains(mark))).collect()
}

fn not_too_long(path: &str, text: &str) -> Vec<String> {
    let n = text.lines().count();
    let long = is_rust(path) && n > 650;
    long.then(|| format!("{path}: {n} lines; past 650 a room no longer fits its content")).into_iter().collect()
}

fn every_file_says_what_it_is(path: &str, text: &str) -> Vec<String> {
    let silent = is_rust(path) && !text.starts_with("//!");
    silent.then(|| format!("{path}: begin with `//!` and what the file is for")).into_iter().collect()
}

fn no_empty_names(path: &str, text: &str) -> Vec<String> {
    let empty = ["manager", "helper", "util", "utils", "service", "misc", "common"];
    let stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    let mut broken = Vec::new();
    if empty.contains(&stem) {
        broken.push(format!("{path}: a name that says nothing"));
    }
    if is_rust(path) {
        broken.extend(lines(path, text, "a name that says nothing", |line| {
            let mut words = line.split_whitespace().skip_while(|word| *word == "pub" || word.starts_with("pub("));
            let kind = words.next().unwrap_or_default();
            let name = words.next().unwrap_or_default().to_ascii_lowercase();
            matches!(kind, "struct" | "enum" | "mod" | "trait")
                && empty.iter().any(|word| name.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(word))
        }));
    }
    broken
}

fn the_project_alone(path: &str, text: &str) -> Vec<String> {
    let places = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("\"res", "olved\":")];
    if path.ends_with(".min.js") {
        return Vec::new();
    }
    lines(path, text, "the repository speaks of the project alone, not of a machine or a registry", move |line| {
        places.iter().any(|place| line.contains(place))
    })
    .collect()
}

fn migrations_are_numbered(tree: &[(String, String)]) -> Vec<String> {
    let mut names: Vec<&str> =
        tree.iter().filter_map(|(path, _)| path.strip_prefix("crates/tanod/migrations/")).collect();
    names.sort_unstable();
    let wrong = names.iter().enumerate().filter(|(n, name)| !name.starts_with(&format!("{:04}_", n + 1)));
    wrong.map(|(n, name)| format!("migrations/{name}: number {} is expected here", n + 1)).collect()
}

fn unrecorded_are_counted(tree: &[(String, String)]) -> Vec<String> {
    let calls = tree.iter().filter(|(path, _)| ours(path)).flat_map(|(_, text)| text.lines());
    let n = calls.filter(|line| line.contains("unrecorded(") && !line.contains("fn unrecorded(")).count();
    let law = "a change of state commits with its entry in the record";
    (n != UNRECORDED)
        .then(|| {
            format!("{n} writes are unrecorded, {UNRECORDED} were agreed: {law}; if it is none, change the number")
        })
        .into_iter()
        .collect()
}

/// Who may depend on whom, by the manifests.
pub(crate) fn arrows(metadata: &Value) -> Vec<String> {
    const CRATES: [&str; 10] =
        ["tanod", "fingerprint", "decode", "vault", "ledger", "rules", "exchange", "sim", "fuzz", "xtask"];
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if !CRATES.contains(&name) {
            broken.push(format!("{name}: a new crate needs its place in the list of arrows (xtask/src/laws.rs)"));
        }
        for on in package["dependencies"].as_array().into_iter().flatten() {
            let (to, dev) = (on["name"].as_str().unwrap_or_default(), on["kind"] == "dev");
            if !CRATES.contains(&to) {
                continue;
            }
            let may = match (name, to) {
                // A simulator shares nothing with the client it answers, in tests neither.
                ("sim", "exchange") | ("exchange", "sim") => false,
                ("tanod" | "fuzz", _) | ("decode", "fingerprint") => true,
                _ => dev,
            };
            if !may {
                broken.push(format!("{name} -> {to}: engines know nothing of each other (ARCHITECTURE.md)"));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_law_can_be_broken_and_kept() {
        let domain = "crates/tanod/src/banks/mod.rs";
        let samples: [(OfAFile, &str, &str, &str, &str); 10] = [
            (sql_only_in_stores, domain, "\"SELECT 1\"", "crates/tanod/src/banks/store.rs", "\"SELECT 1\""),
            (stores_are_private, domain, "pub mod store;", domain, "mod store;"),
            (backends_only_in_the_plan, domain, "if x == \"s3://\" {", domain, "/// s3://BUCKET"),
            (verbs_take_a_transaction, domain, "tx.commit(proof)", "crates/tanod/src/banks/api.rs", "tx.commit(proof)"),
            (no_schema_of_others, "a/B.XSD", "", "a/b.xml", ""),
            (nothing_left_to_do, "a.rs", concat!("// TO", "DO: more"), "a.rs", "// done"),
            (not_too_long, "a.rs", &"x\n".repeat(651), "a.rs", "x"),
            (every_file_says_what_it_is, "a.rs", "fn main() {}", "a.rs", "//! It is.\n"),
            (no_empty_names, "a.rs", "pub struct BankManager;", "a.rs", "pub struct Bank;"),
            (the_project_alone, "a.md", concat!("see /ho", "me/x"), "a.md", "see crates/x"),
        ];
        for (law, bad_path, bad, good_path, good) in samples {
            assert_eq!(law(bad_path, bad).len(), 1, "{bad_path}: {bad}");
            assert_eq!(law(good_path, good), Vec::<String>::new(), "{good_path}: {good}");
        }
        assert_eq!(no_empty_names("src/utils.rs", "").len(), 1);
    }

    #[test]
    fn laws_of_the_whole_tree() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let one = file("crates/tanod/migrations/0001_a.sql", "");
        assert!(migrations_are_numbered(&[one.clone(), file("crates/tanod/migrations/0002_b.sql", "")]).is_empty());
        assert_eq!(migrations_are_numbered(&[one, file("crates/tanod/migrations/0003_b.sql", "")]).len(), 1);
        let uses = |n| file("crates/tanod/src/a.rs", &"Recorded::unrecorded(\n".repeat(n));
        assert!(unrecorded_are_counted(&[uses(UNRECORDED)]).is_empty());
        assert_eq!(unrecorded_are_counted(&[uses(UNRECORDED + 1)]).len(), 1);
    }

    #[test]
    fn arrows_between_crates() {
        let on = |from: &str, to: &str, kind: Option<&str>| {
            arrows(&json!({"packages": [{"name": from, "dependencies": [{"name": to, "kind": kind}]}]})).len()
        };
        assert_eq!(on("sim", "exchange", Some("dev")), 1);
        assert_eq!(on("vault", "ledger", None), 1);
        assert_eq!(on("vault", "ledger", Some("dev")), 0);
        assert_eq!(on("decode", "fingerprint", None), 0);
        assert_eq!(on("tanod", "sim", None), 0);
        assert_eq!(on("newcomer", "serde", None), 1);
    }
}
