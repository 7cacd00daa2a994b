//! The measuring commands work from end to end. How fast they find this machine is nobody's business here.

use std::process::{Command, Stdio};

use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "the program measures itself from outside")]
fn bench(words: &[&str]) -> (bool, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    // What is set for a real installation must not reach the measured one.
    command.arg("bench").args(words).arg("--json").env("TANOD_DATABASE", "postgres://nobody@127.0.0.1:1/none");
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or_default())
}

#[test]
fn an_installation_under_load_finds_what_is_planted() {
    let (good, said) = bench(&["load", "--entries", "2000", "--seconds", "1", "--side", "128", "--at-once", "2"]);
    assert!(good && said["ok"] == true, "{said}");
    for part in [&said["items"], &said["matches"]] {
        assert!(part["planted"].as_u64().unwrap() > 0 && part["found"] == part["planted"], "{said}");
        assert_eq!(part["false_hits"], 0, "{said}");
    }
    for figure in ["cpu_ms_per_item", "items_per_s", "p50_ms", "p99_ms", "rss_mb", "rss_main_mb"] {
        assert!(said["items"][figure].as_f64().unwrap() > 0.0, "{figure}: {said}");
    }
    assert!(
        said["matches"]["lookups_per_s"].as_f64().unwrap() > 0.0 && said["added_matches_ms"].as_f64().unwrap() > 0.0
    );
}

#[test]
fn queued_reports_are_filed_once_each() {
    let (good, said) = bench(&["reports", "--count", "12", "--bytes", "5000"]);
    assert!(good && said["ok"] == true && said["reports"] == 12, "{said}");
    for figure in ["reports_per_s", "cpu_ms_per_report", "rss_mb_peak"] {
        assert!(said[figure].as_f64().unwrap() > 0.0, "{figure}: {said}");
    }
}

#[test]
fn every_page_of_the_console_answers_with_many_cases_behind_it() {
    let (good, said) = bench(&["console", "--cases", "120", "--files", "900", "--rounds", "1"]);
    let pages = said["pages"].as_array().cloned().unwrap_or_default();
    let failed: Vec<_> = pages.iter().filter(|page| page["status"] != 200).collect();
    assert!(good && failed.is_empty() && pages.len() > 60, "{failed:?} {said}");
    // The editor of a report has a field for everything that a report can say; it is no page that somebody waits for in a queue.
    let counts = |page: &&Value| page["page"] != "case, middle, report" && page["bytes"].as_u64().unwrap() > 150_000;
    let large: Vec<_> = pages.iter().filter(counts).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn the_kernels_are_measured_and_right() {
    let (good, said) = bench(&["match", "--entries", "3000", "--queries", "200"]);
    assert!(good && said["ok"] == true, "{said}");
    assert_eq!((&said["queries"]["wrong"], &said["queries"]["planted"]), (&Value::from(0), &Value::from(100)));
    assert!(said["changes"]["queries_meanwhile"].as_u64().unwrap() > 0, "{said}");

    let folder = tempfile::tempdir().unwrap();
    for n in 0..2 {
        let file = super::bed::jpeg(&sim::pictures::photograph(n, 160, 120), 85);
        std::fs::File::create(folder.path().join(format!("{n}.jpg")))
            .and_then(|mut to| std::io::Write::write_all(&mut to, &file))
            .unwrap();
    }
    let (good, said) = bench(&["hash", "--rounds", "2", "--pictures", folder.path().to_str().unwrap()]);
    assert!(good && said["pictures"] == 2 && said["median_us"].as_f64().unwrap() > 0.0, "{said}");
    let (good, _) = bench(&["hash", "--pictures", "no-such-folder"]);
    assert!(!good);
}
