//! A copy of a running service comes back in an empty place, with the same ledger; what was destroyed since stays destroyed.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};
use tanod::accounts::Role;
use tanod::config::Settings;
use tanod::evidence;
use tanod::store::ItemId;

use super::bed::*;
use super::cases::*;

/// A command over these settings: whether it was fine, and what it said.
#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested")]
fn command(folder: &Path, settings: &Settings, words: &str) -> (bool, Value) {
    let file = folder.join("settings.toml");
    fs_err::write(&file, toml::to_string(settings).unwrap()).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tanod"));
    let words: Vec<&str> = words.split(' ').chain(["--json", "--config", file.to_str().unwrap()]).collect();
    let output = command.env_clear().args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    (output.status.success(), last.unwrap_or_else(|| json!({"error": String::from_utf8_lossy(&output.stderr)})))
}

/// The same settings for another place: a new database and no ring yet, the objects where they are.
fn elsewhere(bed: &Bed, folder: &Path) -> Settings {
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut settings = bed.settings.clone();
    settings.database = format!("sqlite:{}", place("tanod.db"));
    settings.keys = format!("file:{}", place("keys.json"));
    settings.ledger = format!("file:{}", place("ledger"));
    settings.index = String::new();
    settings
}

async fn media(settings: &Settings, bed: &Bed, item: ItemId) -> Option<bytes::Bytes> {
    let app = open(settings.clone(), &bed.clock).await.unwrap();
    let exhibit = evidence::exhibit(&mut app.db.read().await.unwrap(), item).await.ok()?;
    Some(app.vault.open(&exhibit).await.unwrap())
}

#[tokio::test]
async fn a_backup_comes_back_in_an_empty_place_and_what_was_destroyed_since_stays_so() {
    let bed = Bed::new().await;
    let (first, second) = (known(&bed, 1).await, known(&bed, 2).await);
    let (case, gone) = matched(&bed, &first, "u").await;
    let (_, kept) = matched(&bed, &second, "v").await;
    let (gone, kept): (ItemId, ItemId) = (gone.parse().unwrap(), kept.parse().unwrap());
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    let (fine, made) = command(place.path(), &bed.settings, &format!("backup --objects --out {}", backup.display()));
    assert!(fine && made["data_keys"] == 2, "{made}");
    let again = command(place.path(), &bed.settings, &format!("backup --out {}", backup.display()));
    assert!(!again.0, "nothing is written over a backup");
    // The keys are in a file of their own, and nowhere else in it.
    let records = fs_err::read_to_string(backup.join("records.ndjson")).unwrap();
    let keys = fs_err::read_to_string(backup.join("data-keys.ndjson")).unwrap();
    for line in keys.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(!records.contains(line["row"]["wrapped"]["bytes"].as_str().unwrap()));
    }
    let manifest: Value = serde_json::from_str(&fs_err::read_to_string(backup.join("manifest.json")).unwrap()).unwrap();
    let root = manifest["checkpoint"].as_str().unwrap().lines().nth(2).unwrap();
    let root = hex::encode(base64::engine::general_purpose::STANDARD.decode(root).unwrap());

    // Destroyed after the backup: its certificate names the day on which the backup's keys are gone.
    let (lead, second_lead) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let order = json!({
        "item": gone, "agency": "Example Police", "officer": "badge 12", "reference": "26-118",
        "verified_how": "called back", "reason": "They ask for it.",
    });
    bed.post(&format!("/v1/cases/{case}/destructions"), &lead, &order).await.ok();
    let keeping = format!("/v1/cases/{case}/keeping");
    let release = bed.get(&keeping, &lead).await.ok()["releases"][0]["id"].as_str().unwrap().to_owned();
    bed.post(&format!("/v1/releases/{release}/answer"), &second_lead, &json!({"approve": true})).await.ok();
    bed.work(0).await;
    let destroyed = bed.get(&keeping, &lead).await.ok()["destructions"][0].clone();
    assert_eq!(destroyed["keys_gone_at"], made["keys_until"]);
    assert!(destroyed["certificate"].is_string());

    // The database is lost, the objects are there.
    let restored = elsewhere(&bed, &place.path().join("restored"));
    let restore = format!("restore --from {}", backup.display());
    let (fine, said) = command(place.path(), &restored, &restore);
    assert!(fine, "{said}");
    assert_eq!((&said["root"], &said["destructions_replayed"]), (&json!(root), &json!(1)));
    assert_eq!(media(&restored, &bed, gone).await, None, "what was destroyed stays destroyed");
    assert_eq!(media(&restored, &bed, kept).await.unwrap(), second);
    assert!(command(place.path(), &restored, "ledger verify").0);
    let (fine, said) = command(place.path(), &restored, &restore);
    assert!(!fine && said["error"].as_str().unwrap().contains("a record already"), "{said}");

    // Everything is lost but the backup.
    let mut whole = elsewhere(&bed, &place.path().join("whole"));
    whole.objects = format!("file:{}", place.path().join("whole/objects").display());
    let (fine, said) = command(place.path(), &whole, &restore);
    assert!(fine && said["root"] == json!(root), "{said}");
    assert_eq!(media(&whole, &bed, kept).await.unwrap(), second);

    // Without the data keys, whose days were over: the records come back, and nothing that was sealed opens.
    fs_err::remove_file(backup.join("data-keys.ndjson")).unwrap();
    let keyless = elsewhere(&bed, &place.path().join("keyless"));
    let (fine, said) = command(place.path(), &keyless, &restore);
    assert!(fine && said["root"] == json!(root), "{said}");
    let app = open(keyless, &bed.clock).await.unwrap();
    let exhibit = evidence::exhibit(&mut app.db.read().await.unwrap(), kept).await.unwrap();
    assert_eq!(app.vault.open(&exhibit).await.err().unwrap().slug(), Some("media-not-kept"));
}
