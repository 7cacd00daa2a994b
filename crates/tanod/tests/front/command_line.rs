//! The command line, as a person and as a script meet it: every command on one folder, what it prints as JSON, and what it
//! says when it cannot.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tanod::clock::Clock;

use super::bed::{picture, png, resized};
use super::webhooks::SECRET;

/// What a command said.
struct Said {
    fine: bool,
    lines: Vec<Value>,
    error: String,
}

#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn tanod_with(variables: &[(&str, &str)], words: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    command.env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Said {
        fine: output.status.success(),
        lines: text.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The last line of a command that does what it is asked.
#[track_caller]
fn done(data: &Path, words: &str) -> Value {
    let said = run(data, words);
    assert!(said.fine, "{words}: {:?} {}", said.lines, said.error);
    said.lines.last().unwrap().clone()
}

fn run(data: &Path, words: &str) -> Said {
    let data = data.to_str().unwrap();
    let words: Vec<&str> = words.split(' ').chain(["--json", "--data", data]).collect();
    tanod_with(&[], &words)
}

#[test]
fn every_command_answers_in_json_from_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file, other) = (folder.path().join("data"), folder.path().join("a.png"), folder.path().join("b.png"));
    let (file, other) = (file.to_str().unwrap(), other.to_str().unwrap());
    fs_err::write(file, png(&picture(1, 320, 240))).unwrap();
    fs_err::write(other, png(&resized(&picture(1, 320, 240), 240, 180))).unwrap();

    let hashed = done(&data, &format!("hash {file}"));
    let prints = &hashed["fingerprints"];
    assert_eq!(hashed["file"], file);
    for (name, digits) in [("md5", 32), ("sha1", 40), ("sha256", 64)] {
        assert_eq!(prints[name].as_str().unwrap().len(), digits);
    }
    let pdq = prints["pdq"]["hash"].as_str().unwrap();
    assert!(pdq.len() == 64 && prints["pdq"]["quality"].as_u64().unwrap() >= 50 && hashed["unscanned"].is_null());

    // No list yet: nothing is clean, not even to the command line. A list without entries is none.
    assert_eq!(done(&data, &format!("match {file}"))["reason"], "no_list");
    let bank = done(&data, "bank create finds --kind csam --licence own");
    assert!(bank["id"].as_str().unwrap().starts_with("bank_") && bank["threshold"] == 31);
    assert_eq!(done(&data, &format!("match {file}"))["reason"], "no_list");

    let rows = folder.path().join("rows.csv");
    fs_err::write(&rows, format!("signal,value,classification\npdq,{pdq},A1\nsha1,{},A1\n", "ab".repeat(20))).unwrap();
    assert_eq!(done(&data, &format!("bank import finds {}", rows.display()))["added"], 2);
    assert_eq!(done(&data, "bank ls")["entries"], 2);
    let found = done(&data, &format!("match {other}"));
    assert_eq!((&found["verdict"], &found["strength"]), (&json!("match"), &json!("near")));
    for name in ["out.csv", "out.ndjson"] {
        let out = folder.path().join(name);
        assert_eq!(done(&data, &format!("bank export finds --out {}", out.display()))["rows"], 2);
        assert_eq!(done(&data, &format!("bank import finds {}", out.display()))["renewed"], 2);
    }

    assert_eq!(done(&data, "source set lantern applied")["state"], "applied");
    assert_eq!(run(&data, "source ls").lines.iter().filter(|source| source["state"] == "applied").count(), 1);
    assert!(done(&data, "key add --role client --name uploads")["key"].as_str().unwrap().starts_with("tanod_key_"));
    assert_eq!(done(&data, "key rm uploads")["removed"], "uploads");
    let person = done(&data, "user add night-lead --role lead");
    assert!(person["link"].as_str().unwrap().contains("/console/welcome/") && person["staff"] == 1);
    assert_eq!(done(&data, "user rm night-lead")["removed"], "night-lead");
    assert_eq!(done(&data, "bank rm finds")["removed"], bank["id"]);

    assert_eq!(done(&data, "config")["database"], format!("sqlite:{}/tanod.db", data.display()));
    assert!(done(&data, "config --defaults")["defaults"].as_str().unwrap().contains("max_bytes"));
    assert!(done(&data, "ledger checkpoint")["checkpoint"].as_str().unwrap().starts_with("tanod/"));
    let out = folder.path().join("ledger");
    let exported = done(&data, &format!("ledger export --out {}", out.display()));
    let verified = done(&data, &format!("ledger verify --from {}", out.display()));
    assert_eq!((&verified["verified"], &verified["size"]), (&json!(true), &exported["size"]));
    assert_eq!(done(&data, "ledger verify")["verified"], true);
    assert!(run(&data, "report status").fine);
}

#[test]
fn the_doctor_names_what_is_wrong_and_ends_with_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(&folder.path().join("data"), "doctor");
    let parts: Vec<&str> = said.lines.iter().filter_map(|line| line["part"].as_str()).collect();
    assert_eq!(
        parts,
        [
            "settings",
            "detectors",
            "keys",
            "objects",
            "disk",
            "decoder",
            "films",
            "lists",
            "ledger",
            "queue",
            "reports",
            "pictures",
            "alarms",
            "webhooks",
            "evidence",
            "provider",
            "reporting"
        ]
    );
    for part in ["lists", "provider", "reporting", "alarms"] {
        let line = said.lines.iter().find(|line| line["part"] == part).unwrap();
        assert!(line["ok"] == false && line["remedy"].as_str().unwrap().len() > 10, "{line}");
    }
    let provider = said.lines.iter().find(|line| line["part"] == "provider").unwrap();
    assert!(provider["says"].as_str().unwrap().contains("Mailing address; Telephone"), "{provider}");
    assert!(!said.fine && *said.lines.last().unwrap() == json!({"ok": false}));
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs_err::write(&file, text).unwrap();
        file.display().to_string()
    };
    done(&data, "bank create finds --kind csam");
    let (bad, empty) = (file("bad.csv", "signal,value\nmd5,zz\nmd6,00\n"), file("empty.csv", "signal,value\n"));
    for (words, slug) in [
        ("bank create finds --kind csam".to_owned(), "bank-exists"),
        ("bank create x --kind csam --threshold 99".to_owned(), "bad-bank"),
        (format!("bank import nothing {bad}"), "bad-rows"),
        (format!("bank import finds {bad}"), "bad-rows"),
        (format!("bank import finds {empty}"), "bad-rows"),
        ("bank export finds --out /dev/null".to_owned(), "export-refused"),
        ("bank rm nothing".to_owned(), "unknown-bank"),
        ("key add --name a/b".to_owned(), "bad-name"),
        ("key rm nobody".to_owned(), "unknown-name"),
        ("user rm nobody".to_owned(), "unknown-name"),
        ("source set nobody on".to_owned(), "unknown-source"),
        ("report submit report_00000000-0000-7000-8000-000000000000".to_owned(), "unknown-report"),
    ] {
        let said = run(&data, &words);
        let last = said.lines.last().unwrap();
        assert!(!said.fine && last["slug"] == slug, "{words}: {last}");
        assert!(last["error"].as_str().unwrap().lines().count() > 1, "{words}: no remedy in {last}");
    }
    assert_eq!(done(&data, "bank ls")["entries"], 0);
    let xml = file("report.xml", "<report/>");
    let said = run(&data, &format!("report check {xml}"));
    assert!(!said.fine && said.lines[0]["valid"] == false && said.lines[0]["errors"][0]["rule"] == "missing");
    let said = run(&data, &format!("hash /nonexistent {xml}"));
    assert!(!said.fine && said.lines[0]["error"].is_string() && said.lines[1]["unscanned"] == "unsupported_format");
    for (words, expected) in [
        ("serve --listen nonsense", "127.0.0.1:8080"),
        ("serve --listen 0.0.0.0:1", "behind_tls"),
        ("ledger verify --from /nonexistent", "not verified"),
    ] {
        let said = run(&data, words);
        let error = said.lines.last().unwrap()["error"].as_str().unwrap().to_owned();
        assert!(!said.fine && error.contains(expected), "{words}: {error}");
    }
}

/// The same seed writes the same documents; all are valid, and a schema that the operator has may be asked too.
#[test]
fn sampled_reports_are_valid_and_a_schema_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let sampled = |out: &str| {
        let out = folder.path().join(out);
        let words = format!("report sample --seed 5 --count 20 --out {}", out.display());
        assert_eq!(done(folder.path(), &words)["documents"], 20);
        let mut files: Vec<_> = fs_err::read_dir(&out).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    let (one, two) = (sampled("one"), sampled("two"));
    assert!(one.len() == 20 && one.iter().zip(&two).all(|(a, b)| fs_err::read(a).unwrap() == fs_err::read(b).unwrap()));
    for file in &one {
        assert_eq!(done(folder.path(), &format!("report check {}", file.display()))["valid"], true);
    }
    let xsd = folder.path().join("other.xsd");
    let text = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"other\" type=\"xs:int\"/></xs:schema>";
    fs_err::write(&xsd, text).unwrap();
    let said = run(folder.path(), &format!("report check --xsd {} {}", xsd.display(), one[0].display()));
    let row = said.lines.last().unwrap();
    let refused = row["errors"][0]["rule"] == "xsd"
        && row["errors"][0]["path"].as_str().is_some_and(|path| path.starts_with("line "));
    let missing = row["error"].as_str().is_some_and(|error| error.contains("libxml2-utils"));
    assert!(!said.fine && (refused || missing), "{row}");
}

/// Where things are may come from a folder, a file or variables; without any the command says so.
#[test]
fn settings_come_from_a_folder_a_file_or_variables() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    let said = tanod_with(&[], &["config", "--json"]);
    assert!(!said.fine && said.lines[0]["error"].as_str().unwrap().contains("--data DIR"));
    let (database, objects) = (format!("sqlite:{place}/t.db"), format!("file:{place}/objects"));
    let keys = format!("file:{place}/keys.json");
    let variables = [
        ("TANOD_DATABASE", database.as_str()),
        ("TANOD_OBJECTS", objects.as_str()),
        ("TANOD_KEYS", keys.as_str()),
        ("TANOD_SECRET", "a secret that only this test has"),
        ("TANOD_INTAKE__MAX_BYTES", "1000"),
    ];
    let said = tanod_with(&variables, &["config", "--json"]);
    assert!(said.fine && said.lines[0]["intake"]["max_bytes"] == 1000, "{}", said.error);
    let said = tanod_with(&variables, &["key", "add", "--name", "n", "--json"]);
    assert!(said.fine && said.lines[0]["key"].is_string(), "{:?}", said.lines);
    let file = folder.path().join("t.toml");
    fs_err::write(&file, format!("database = \"{database}\"\nobjects = \"{objects}\"\nkeys = \"{keys}\"\n")).unwrap();
    let file = file.to_str().unwrap();
    let said = tanod_with(&variables[3..4], &["bank", "create", "b", "--kind", "csam", "--json", "--config", file]);
    assert!(said.fine && said.lines[0]["name"] == "b", "{:?}", said.lines);
    fs_err::write(file, "colour = 1\n").unwrap();
    for (variables, words) in [
        (vec![], vec!["config", "--json", "--config", file]),
        (vec![("TANOD_COLOUR", "1")], vec!["config", "--json", "--data", &place]),
    ] {
        let said = tanod_with(&variables, &words);
        assert!(!said.fine && said.lines[0]["error"].as_str().unwrap().contains("colour"), "{:?}", said.lines);
    }
}

/// Records name accounts and lists are licensed: nobody else on the machine reads what is written.
#[test]
fn what_is_written_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // The folder may have been made beforehand, open to all.
    fs_err::create_dir_all(&data).unwrap();
    done(&data, "bank create finds --kind csam");
    for name in ["data/tanod.db", "data/keys.json", "data.secret", "data/objects"] {
        let mode = fs_err::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}

#[test]
fn the_doctor_pages_and_fails_if_nobody_says_that_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let said = run(&data, "doctor --page --wait-minutes 0");
    assert!(
        !said.fine && said.lines[0]["says"] == "nobody is on call" && said.lines.last() == Some(&json!({"ok": false}))
    );

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let pager = format!("http://{}/", listener.local_addr().unwrap());
    let receiver = sim::receiver::Receiver::new(SECRET, std::sync::Arc::new(|| Clock::System.now())).unwrap();
    let serving = receiver.clone();
    runtime.spawn(async move { serving.serve(listener).await.unwrap() });
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.path().join("tanod.toml");
    let settings = format!(
        "weaker_disk_because = \"a folder of a test\"\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         [[webhooks]]\nname = \"pager\"\nurl = \"{pager}\"\nsecret = \"{SECRET}\"\n\
         [[alarms.on_call]]\nname = \"night desk\"\nwebhook = \"pager\"\n"
    );
    fs_err::write(&config, settings).unwrap();
    let page =
        |minutes: &str| run(&data, &format!("doctor --page --wait-minutes {minutes} --config {}", config.display()));
    // Nothing serves: no page goes out, and that is what is said.
    assert!(page("0").lines[0]["remedy"].as_str().unwrap().contains("tanod serve"));
    let mut served = serve(&data, &config);
    receiver.always(sim::receiver::How::Acknowledge);
    let said = page("1");
    let words = said.lines[0]["says"].as_str().unwrap_or_default().to_owned();
    served.kill().unwrap();
    served.wait().unwrap();
    assert!(
        said.fine && words.starts_with("acknowledged by on call: night desk after "),
        "{:?} {}",
        said.lines,
        said.error
    );
    assert!(receiver.received().iter().all(|page| page.genuine && page.body["data"]["kind"] == "test"));
}

#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn serve(data: &Path, config: &Path) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    command.env_clear().args(["serve", "--data"]).arg(data).arg("--config").arg(config);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // It says where it serves once it does.
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert!(line.contains("serving"), "{line}");
    child
}

#[test]
fn what_is_generated_from_the_code_is_fresh() {
    let (made, kept) = (tempfile::tempdir().unwrap(), format!("{}/../../schemas", env!("CARGO_MANIFEST_DIR")));
    let said = tanod_with(&[], &["gen", made.path().to_str().unwrap()]);
    assert!(said.fine, "{}", said.error);
    let all = |folder: &Path| {
        let read = |entry: std::io::Result<fs_err::DirEntry>| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs_err::read_to_string(entry.path()).unwrap())
        };
        fs_err::read_dir(folder).unwrap().map(read).collect::<std::collections::BTreeMap<_, _>>()
    };
    let (made, kept) = (all(made.path()), all(Path::new(&kept)));
    assert!(made.keys().eq(kept.keys()), "{:?} {:?}: run `cargo xtask gen`", made.keys(), kept.keys());
    for (name, text) in &made {
        assert!(kept[name] == *text, "schemas/{name} is stale: run `cargo xtask gen`, and look at what changed");
    }
}
