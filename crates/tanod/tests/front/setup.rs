//! Nothing is looked for until the operator has said who they are and why (US-08, US-09, EU-01).

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tanod::accounts::{Role, Scope};
use tanod::config::Settings;
use tanod::operator::{AskedBy, Profile, Surface};
use tanod::store::World;

use super::bed::*;
use super::cases::{lease, look, matched};

/// An installation for real material, that nobody has answered for yet.
fn live(settings: &mut Settings) {
    settings.world = Some(World::Live);
    settings.reporting.ncmec = "off".into();
}

pub(crate) fn answer(settings: &mut Settings) {
    live(settings);
    settings.operator.profile = Profile::Team;
    settings.operator.country = "PH".into();
    settings.operator.surfaces = vec![Surface::Public];
    settings.detectors.hash_match.legal_basis = "our terms of service".into();
    settings.detectors.hash_match.asked_by = AskedBy::Operator;
}

#[tokio::test]
async fn unanswered_every_upload_is_unscanned_and_looked_at_once_answered() {
    let bed = Bed::with(|settings, _| live(settings)).await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite, Scope::MatchesWrite]).await;
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!(
        (&said["verdict"], &said["reason"], &said["coverage"], &said["fingerprints"]["pdq"]),
        (&json!("unscanned"), &json!("detector_off"), &json!("digest_only"), &json!([]))
    );
    let digest = fingerprint::Digests::of(&media).sha256_hex();
    let asked = bed.post("/v1/matches", &key, &json!({"hashes": [{"signal": "sha256", "value": digest}]})).await.ok();
    assert_eq!(asked["answers"][0]["reason"], "detector_off");
    bed.work(1).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 0, "a second look finds the detector off as well");
    // Answered: the same installation judges what waits.
    let mut settings = bed.settings.clone();
    answer(&mut settings);
    let app = open(settings, &bed.clock).await.unwrap();
    app.lists.catch_up(&app.db).await.unwrap();
    bed.clock.advance(std::time::Duration::from_hours(1));
    app.lists.catch_up(&app.db).await.unwrap();
    assert!(tanod::roles::next(&app, "items").await.unwrap());
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM cases").await, 1);
    let item = said["item"].as_str().unwrap();
    assert_eq!(bed.get(&format!("/v1/items/{item}"), &key).await.ok()["verdict"], "match");
}

#[tokio::test]
async fn where_nobody_looks_no_role_sees_a_picture_and_the_console_offers_none() {
    let bed = Bed::with(|settings, _| settings.operator.profile = Profile::NoLook).await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    for role in [Role::Reviewer, Role::Lead] {
        let token = bed.person(role).await;
        lease(&bed, &token, &case).await;
        assert_eq!(look(&bed, &token, &case, &item, true).await.slug(), "not-allowed");
        let request = Bed::request("GET", &format!("/console/cases/{case}"), "")
            .header("cookie", format!("{}={token}", tanod::web::COOKIE));
        let page = bed.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert!(!String::from_utf8(page.bytes).unwrap().contains("/exhibits/"));
        bed.call("DELETE", &format!("/v1/cases/{case}/lease"), &token, &json!({})).await.ok();
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM views").await, 0);
}

#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn output(words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    let output = command.env_clear().stdin(Stdio::null()).arg("--json").args(words).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn tanod(words: &[&str]) -> (bool, Value) {
    let (fine, text) = output(words);
    let last = text.lines().last().map(|line| serde_json::from_str(line).unwrap());
    (fine, last.unwrap_or_default())
}

#[test]
fn setup_writes_what_was_answered_once_and_refuses_a_governments_wish() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let all = |asked_by| {
        ["setup", "--data", data, "--profile", "solo", "--country", "de", "--also-in", "ph", "--surface", "public"]
            .into_iter()
            .chain(["--surface", "private", "--legal-basis", "our terms of service", "--asked-by", asked_by])
            .chain(["--recovery", "none"])
            .collect::<Vec<_>>()
    };
    let (fine, said) = tanod(&["setup", "--data", data]);
    assert!(!fine && said["error"].as_str().unwrap().contains("--profile"), "{said}");
    let (fine, said) = tanod(&all("government"));
    assert!(!fine && said["error"].as_str().unwrap().contains("US-09"), "{said}");
    let written = std::path::Path::new(data).join("tanod.toml");
    assert!(!written.exists());
    let (fine, said) = tanod(&all("operator"));
    assert!(fine && said["next"].as_array().unwrap().iter().any(|next| next.as_str().unwrap().contains("source ls")));
    assert!(said["remarks"][0].as_str().unwrap().contains("2026/1881"), "{said}");
    let (fine, said) = tanod(&all("operator"));
    assert!(!fine && said["error"].as_str().unwrap().contains("--force"), "{said}");
    // The folder is enough: every command reads its file.
    let (_, settings) = tanod(&["config", "--data", data]);
    assert_eq!((&settings["operator"]["country"], &settings["operator"]["profile"]), (&json!("DE"), &json!("solo")));
}

/// A recovery recipient is asked for at set-up; with its identity a lost secret is survived, by the commands alone.
#[test]
fn setup_asks_for_a_recovery_recipient_and_it_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("data");
    let data = place.to_str().unwrap();
    let said = |recovery: &[&str]| {
        let words = ["setup", "--force", "--data", data, "--profile", "solo", "--country", "ph", "--surface", "public"];
        let why = ["--legal-basis", "our terms of service", "--asked-by", "operator"];
        tanod(&words.into_iter().chain(why).chain(recovery.iter().copied()).collect::<Vec<_>>())
    };
    let (fine, open) = said(&[]);
    assert!(!fine && open["error"].as_str().unwrap().contains("--recovery"), "{open}");
    let (fine, wrong) = said(&["--recovery", "age1nobody"]);
    assert!(!fine && wrong["error"].as_str().unwrap().contains("public key of age"), "{wrong}");
    assert!(said(&["--recovery", "none"]).0);
    let doctor = || doctor(data)["keys"].clone();
    assert!(!doctor()["ok"].as_bool().unwrap() && doctor()["remedy"].as_str().unwrap().contains("keys recovery"));
    let (fine, made) = said(&["--recovery", "new"]);
    let identity = made["recovery_identity"].as_str().unwrap();
    assert!(fine && identity.starts_with("AGE-SECRET-KEY-1"), "{made}");
    assert!(!fs_err::read_to_string(place.join("tanod.toml")).unwrap().contains(identity));
    assert!(doctor()["ok"].as_bool().unwrap(), "{}", doctor());
    let opened_by = || {
        let (fine, keys) = tanod(&["keys", "ls", "--data", data]);
        let mut ways: Vec<String> = serde_json::from_value(keys["opened_by"].clone()).unwrap_or_default();
        ways.sort();
        fine.then_some(ways)
    };
    let before = opened_by().unwrap();
    assert!(before.len() == 2 && before[1].contains("age1"), "{before:?}");
    // Lost, and recovered from paper.
    fs_err::remove_file(folder.path().join("data.secret")).unwrap();
    assert_eq!(opened_by(), None);
    let paper = folder.path().join("paper.txt");
    fs_err::write(&paper, "nothing").unwrap();
    let recover = || tanod(&["keys", "recovery", "--identity", paper.to_str().unwrap(), "--data", data]);
    assert!(recover().1["error"].as_str().unwrap().contains("AGE-SECRET-KEY-1"));
    fs_err::write(&paper, format!("# made at set-up\n{identity}\n")).unwrap();
    let (fine, recovered) = recover();
    assert!(fine && recovered["kept"] == true, "{recovered}");
    assert_eq!(opened_by(), Some(before));
    // What the settings name is not changed behind their back.
    let (fine, refused) = tanod(&["keys", "recovery", "--data", data]);
    assert!(!fine && refused["error"].as_str().unwrap().contains("recovery_recipient"), "{refused}");
}

/// What the doctor finds, by part.
fn doctor(data: &str) -> Value {
    let text = output(&["doctor", "--data", data]).1;
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter_map(|row| Some((row["part"].as_str()?.to_owned(), row.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A setting that says a government asked for it keeps the service from starting, and the record says so.
#[test]
fn a_governments_wish_does_not_start_the_service_and_is_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut settings =
        "[detectors.hash_match]\nlegal_basis = \"we were asked\"\nasked_by = \"government\"\n".to_owned();
    settings += "[decode]\nweaker_confinement = true\n";
    fs_err::create_dir_all(&data).unwrap();
    fs_err::write(data.join("tanod.toml"), settings).unwrap();
    let data = data.to_str().unwrap();
    let (fine, said) = tanod(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(!fine && said["error"].as_str().unwrap().contains("US-09"), "{said}");
    let (_, ledger) = tanod(&["ledger", "verify", "--data", data]);
    assert!(ledger["size"].as_u64().unwrap_or(0) + ledger["waiting"].as_u64().unwrap_or(0) >= 1, "{ledger}");
}
