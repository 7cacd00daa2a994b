//! Legal process and what leaves the house: a verified sender, two people, a package that checks without us.

use std::io::{Cursor, Read as _};
use std::time::Duration;

use serde_json::{Value, json};
use tanod::accounts::{Caller, Role};
use tanod::legal::{self, package};
use tanod::operator::Profile;
use tanod::roles;
use tanod::store::PackageId;

use super::bed::*;
use super::cases::*;
use super::context::{put, whole};

fn warrant() -> Value {
    json!({
        "authority": "search_warrant", "recipient": "local_police", "agency": "Police of Example", "officer": "the duty officer",
        "reference": "W-2026-17", "scope": "everything about the account named in the report",
        "due_at": "2026-12-04T12:00:00Z",
    })
}

async fn received(bed: &Bed, lead: &str, new: &Value) -> Value {
    bed.post("/v1/legal-processes", lead, new).await.ok()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

async fn verified(bed: &Bed, lead: &str, process: &Value) -> Value {
    let path = format!("/v1/legal-processes/{}/verification", id(process));
    bed.post(&path, lead, &json!({"how": "called back over the number on the court's page"})).await.ok()
}

/// A package of a reported case that may leave.
async fn packaged(bed: &Bed, case: &str, change: impl FnOnce(&mut Value)) -> (Value, Value) {
    let (lead, second) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let process = received(bed, &lead, &warrant()).await;
    verified(bed, &lead, &process).await;
    let mut new = json!({"process": process["id"], "language": "ar", "reason": "the warrant asks for it"});
    change(&mut new);
    let package = bed.post(&format!("/v1/cases/{case}/packages"), &lead, &new).await.ok();
    let path = format!("/v1/packages/{}/approval", id(&package));
    (process, bed.post(&path, &second, &json!({"granted": true, "reason": "as asked"})).await.ok())
}

/// Makes the package, as the command does.
async fn made(bed: &Bed, package: &Value, passphrase: Option<&str>) -> Vec<u8> {
    roles::sequence_once(&bed.app).await.unwrap();
    let package: PackageId = id(package).parse().unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let (package, process) = legal::approved(&mut tx, package).await.unwrap();
    let vkey = bed.app.signer.vkey();
    let contents = package::gather(&mut tx, package.clone(), process, "Example", &vkey).await.unwrap();
    let mut out = Vec::new();
    let (sha256, bytes) = package::write(&contents, &bed.app.vault, &mut tx, &mut out, passphrase).await.unwrap();
    assert_eq!((fingerprint::Digests::of(&out).sha256, bytes), (sha256, i64::try_from(out.len()).unwrap()));
    let proof = legal::made(&mut tx, &Caller::Operator, &package, sha256, bytes).await.unwrap();
    tx.commit(proof).await.unwrap();
    out
}

/// Unpacks an archive into a folder, as an officer would.
fn unpack(archive: &[u8], passphrase: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    for n in 0..zip.len() {
        let mut file = match passphrase {
            Some(words) => zip.by_index_decrypt(n, words.as_bytes()).unwrap(),
            None => zip.by_index(n).unwrap(),
        };
        let path = folder.path().join(file.enclosed_name().unwrap());
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
    folder
}

#[expect(clippy::disallowed_methods, reason = "the check runs as an officer runs it, apart from this program")]
fn check(folder: &std::path::Path, key: &str) -> (bool, String) {
    let python = std::env::var("TANOD_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let ran = std::process::Command::new(python).arg(folder.join("check.py")).arg(key).output().unwrap();
    (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

async fn reported(bed: &Bed) -> (String, Vec<u8>) {
    let media = known(bed, 1).await;
    let (case, item) = matched(bed, &media, "u").await;
    put(bed, &case, &whole()).await.ok();
    let reviewer = bed.person(Role::Reviewer).await;
    lease(bed, &reviewer, &case).await;
    let look = json!({"item": item, "purpose": "review", "veiled": true});
    bed.post(&format!("/v1/cases/{case}/views"), &reviewer, &look).await;
    let as_file = json!({"changes": [{"file": null, "path": "/conversation/file", "value": "true"}]});
    bed.call("PUT", &format!("/v1/cases/{case}/draft"), &reviewer, &as_file).await.ok();
    decide(bed, &reviewer, &case, &report(&[])).await.ok();
    bed.work(1).await;
    (case, media)
}

#[tokio::test]
async fn evidence_leaves_under_a_verified_process_with_two_people() {
    let bed = Bed::new().await;
    let (case, _) = reported(&bed).await;
    let (lead, second) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let process = received(&bed, &lead, &warrant()).await;
    assert_eq!((&process["state"], &process["number"]), (&json!("received"), &json!(1)));
    let ask = json!({"process": process["id"], "reason": "the warrant asks for it"});
    let path = format!("/v1/cases/{case}/packages");
    assert_eq!(bed.post(&path, &lead, &ask).await.slug(), "sender-not-verified");
    verified(&bed, &lead, &process).await;
    let package = bed.post(&path, &lead, &ask).await.ok();
    let approval = format!("/v1/packages/{}/approval", id(&package));
    let yes = json!({"granted": true, "reason": "as asked"});
    assert_eq!(bed.post(&approval, &lead, &yes).await.slug(), "package-needs-two");
    {
        let mut tx = bed.app.db.write().await.unwrap();
        let refused = legal::approved(&mut tx, id(&package).parse().unwrap()).await.unwrap_err();
        assert_eq!(refused.slug(), Some("package-not-approved"));
    }
    let approved = bed.post(&approval, &second, &yes).await.ok();
    assert_eq!(approved["state"], "approved");
    assert_ne!(approved["asked_by"], approved["settled_by"]);
    assert_eq!(bed.post(&approval, &second, &yes).await.slug(), "package-settled");
    made(&bed, &package, Some("words")).await;
    let rows = bed.get(&format!("/v1/packages?case={case}"), &lead).await.ok()["rows"].clone();
    assert_eq!((&rows[0]["state"], rows[0]["sha256"].as_str().map(str::len)), (&json!("made"), Some(64)));
    // Answered, it gives nothing more.
    let path = format!("/v1/legal-processes/{}/settlement", id(&process));
    let end = json!({"given": true, "words": "the package of case 1"});
    assert_eq!(bed.post(&path, &lead, &end).await.ok()["state"], "answered");
    assert_eq!(bed.post(&path, &lead, &end).await.slug(), "process-settled");
    let mut tx = bed.app.db.write().await.unwrap();
    assert!(legal::approved(&mut tx, id(&package).parse().unwrap()).await.is_err());
    drop(tx);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn where_one_person_does_everything_the_record_says_that_they_were_alone() {
    let bed = Bed::with(|settings, _| settings.operator.profile = Profile::Solo).await;
    let (case, _) = reported(&bed).await;
    let lead = bed.person(Role::Lead).await;
    let process = received(&bed, &lead, &warrant()).await;
    verified(&bed, &lead, &process).await;
    let ask = json!({"process": process["id"], "reason": "the warrant asks for it"});
    let package = bed.post(&format!("/v1/cases/{case}/packages"), &lead, &ask).await.ok();
    let yes = json!({"granted": true, "reason": "there is nobody else"});
    bed.post(&format!("/v1/packages/{}/approval", id(&package)), &lead, &yes).await.ok();
    let auditor = bed.person(Role::Auditor).await;
    let rows = bed.get(&format!("/v1/audit?case={case}"), &auditor).await.ok()["rows"].clone();
    let settled = rows.as_array().unwrap().iter().find(|entry| entry["kind"] == "package.settled").unwrap().clone();
    assert_eq!(settled["detail"]["alone"], true);
}

#[tokio::test]
async fn a_package_checks_without_us_and_shows_no_picture() {
    let bed = Bed::new().await;
    let (case, media) = reported(&bed).await;
    let (_, package) = packaged(&bed, &case, |_| {}).await;
    let words = package::passphrase(bed.app.db.random());
    assert_eq!((words.len(), words.matches('-').count()), (29, 5));
    let archive = made(&bed, &package, Some(&words)).await;
    // Nothing of it is readable without the passphrase.
    let mut zip = zip::ZipArchive::new(Cursor::new(&archive)).unwrap();
    assert!(zip.by_index(0).is_err() && zip.by_index_decrypt(0, b"other words").is_err());
    let within = |needle: &[u8]| archive.windows(needle.len()).any(|piece| piece == needle);
    assert!(!within(&media[..64]) && !within(b"192.0.2.10"));

    let folder = unpack(&archive, Some(&words));
    let read = |name: &str| fs_err::read(folder.path().join(name)).unwrap();
    let exhibits: Vec<_> =
        fs_err::read_dir(folder.path().join("exhibits")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(exhibits.len(), 1);
    assert_eq!(fs_err::read(&exhibits[0]).unwrap(), media, "the very bytes");
    let page = String::from_utf8(read("index.html")).unwrap();
    assert!(page.contains("dir=\"rtl\"") && page.contains("سلسلة الحيازة"));
    assert!(!page.contains("<img") && !page.contains("data:") && !page.contains("src="));
    let looks: Value = serde_json::from_slice(&read("views.json")).unwrap();
    assert!(looks[0]["staff"].is_i64() && looks[0]["veiled"] == true, "{looks}");
    assert!(String::from_utf8(read("reports/1/receipt")).unwrap().contains("reportId"));
    assert!(String::from_utf8(read("reports/1/sent-001-submit.xml")).unwrap().contains("<report"));
    assert!(String::from_utf8(read("reports/1/conversation-of-case-1.txt")).unwrap().contains("here it is"));
    assert!(String::from_utf8(read("certificate.txt")).unwrap().contains("CERTIFICATE OF RECORDS, case 1"));
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    assert_eq!(manifest["files"][0]["upload_port"], 51_234);
    let steps = String::from_utf8(read("READ-ME.txt")).unwrap();
    assert!(steps.contains("\n5. ") && !steps.contains("\n6. "));

    let vkey = bed.app.signer.vkey();
    let (fits, said) = check(folder.path(), &vkey);
    assert!(fits && said.contains("files are as they left"), "{said}");
    // Altered, missing, added, or with another history: each is named.
    let alter = |name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>, found: &str| {
        let kept = read(name);
        fs_err::write(folder.path().join(name), change(kept.clone())).unwrap();
        let (fits, said) = check(folder.path(), &vkey);
        assert!(!fits && said.contains(found), "{name}: {said}");
        fs_err::write(folder.path().join(name), kept).unwrap();
    };
    alter("custody.json", &|text| [&text[..], b" "].concat(), "custody.json was altered");
    alter("SHA256SUMS", &|text| text[66..].to_vec(), "missing or added");
    // Whoever also rewrites the sums still has the ledger against them.
    let kept = (read("ledger/proofs.json"), read("SHA256SUMS"));
    let mut proofs: Value = serde_json::from_slice(&kept.0).unwrap();
    proofs["entries"][0]["position"] = json!(proofs["entries"][0]["position"].as_u64().unwrap() + 1);
    let bent = proofs.to_string();
    let old = fingerprint::Digests::of(&kept.0).sha256_hex();
    let sums =
        String::from_utf8(kept.1).unwrap().replace(&old, &fingerprint::Digests::of(bent.as_bytes()).sha256_hex());
    fs_err::write(folder.path().join("ledger/proofs.json"), bent).unwrap();
    fs_err::write(folder.path().join("SHA256SUMS"), sums).unwrap();
    let (fits, said) = check(folder.path(), &vkey);
    assert!(!fits && said.contains("not in the tree"), "{said}");
}

#[tokio::test]
async fn a_package_for_a_key_opens_with_that_key_alone() {
    let bed = Bed::new().await;
    let (case, _) = reported(&bed).await;
    let (lead, key) = (bed.person(Role::Lead).await, age::x25519::Identity::generate());
    let process = received(&bed, &lead, &warrant()).await;
    verified(&bed, &lead, &process).await;
    let bad = json!({"process": process["id"], "reason": "the warrant asks for it", "age_recipient": "age1notakey"});
    assert_eq!(bed.post(&format!("/v1/cases/{case}/packages"), &lead, &bad).await.slug(), "bad-process");
    let (_, package) = packaged(&bed, &case, |new| new["age_recipient"] = json!(key.to_public().to_string())).await;
    let sealed = made(&bed, &package, None).await;
    let open = |key: &age::x25519::Identity| age::decrypt(key, &sealed);
    assert!(open(&age::x25519::Identity::generate()).is_err());
    let folder = unpack(&open(&key).unwrap(), None);
    assert!(check(folder.path(), &bed.app.signer.vkey()).0);
}

#[tokio::test]
async fn what_is_due_pages_and_an_emergency_is_due_within_the_hour() {
    let bed = Bed::new().await;
    let lead = bed.person(Role::Lead).await;
    let mut new = warrant();
    let written = received(&bed, &lead, &new).await;
    new["authority"] = json!("emergency");
    new["due_at"] = Value::Null;
    let emergency = received(&bed, &lead, &new).await;
    assert_eq!(emergency["due_at"], "2026-11-24T13:00:00Z");
    let alarms = async |kind: &str| {
        legal::jobs::watch(&bed.app).await.unwrap();
        let lead = bed.person(Role::Lead).await;
        let rows = bed.get("/v1/alarms?state=open", &lead).await.ok()["rows"].clone();
        rows.as_array().unwrap().iter().filter(|alarm| alarm["kind"] == kind).count()
    };
    assert_eq!(alarms("clock_near").await, 0);
    bed.clock.advance(Duration::from_mins(50));
    assert_eq!(alarms("clock_near").await, 1);
    bed.clock.advance(Duration::from_mins(11));
    assert_eq!((alarms("clock_passed").await, alarms("clock_near").await), (1, 0));
    let lead = bed.person(Role::Lead).await;
    let page = bed.console("/console/legal", &lead, &[]).await.1;
    assert!(page.contains("<strong>passed</strong>") && page.contains("Emergency: danger to life"));
    let end = json!({"given": false, "words": "nobody of that name is known here"});
    bed.post(&format!("/v1/legal-processes/{}/settlement", id(&emergency)), &lead, &end).await.ok();
    assert_eq!(alarms("clock_passed").await, 0);
    // Nothing is given to a sender whom nobody verified.
    let end = json!({"given": true, "words": "everything that was asked"});
    let path = format!("/v1/legal-processes/{}/settlement", id(&written));
    assert_eq!(bed.post(&path, &lead, &end).await.slug(), "sender-not-verified");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_a_preservation_gives_nothing_out() {
    let bed = Bed::new().await;
    let (case, _) = reported(&bed).await;
    let lead = bed.person(Role::Lead).await;
    for (field, value) in [("agency", json!("")), ("scope", json!("x")), ("due_at", json!("2020-01-01T00:00:00Z"))] {
        let mut new = warrant();
        new[field] = value;
        assert_eq!(bed.post("/v1/legal-processes", &lead, &new).await.slug(), "bad-process", "{field}");
    }
    let mut new = warrant();
    new["recipient"] = json!("newspaper");
    assert_eq!(
        bed.post("/v1/legal-processes", &lead, &new).await.slug(),
        "bad-body",
        "US-20: there is no other recipient"
    );
    let mut new = warrant();
    new["authority"] = json!("preservation");
    let process = received(&bed, &lead, &new).await;
    verified(&bed, &lead, &process).await;
    let ask = json!({"process": process["id"], "reason": "they would like a copy"});
    assert_eq!(bed.post(&format!("/v1/cases/{case}/packages"), &lead, &ask).await.slug(), "bad-process");
    // A process about one case opens no other.
    let (other, _) = matched(&bed, &known(&bed, 2).await, "another").await;
    let mut new = warrant();
    new["case"] = json!(case);
    let process = received(&bed, &lead, &new).await;
    verified(&bed, &lead, &process).await;
    let ask = json!({"process": process["id"], "reason": "while we are at it"});
    assert_eq!(bed.post(&format!("/v1/cases/{other}/packages"), &lead, &ask).await.slug(), "process-of-another-case");
    let nobody = "legalprocess_00000000-0000-7000-8000-000000000000";
    assert_eq!(bed.get(&format!("/v1/legal-processes/{nobody}"), &lead).await.slug(), "unknown-process");
    let nothing = "package_00000000-0000-7000-8000-000000000000";
    let yes = json!({"granted": true, "reason": "as asked"});
    assert_eq!(bed.post(&format!("/v1/packages/{nothing}/approval"), &lead, &yes).await.slug(), "unknown-package");
}

#[tokio::test]
async fn the_console_takes_a_process_from_its_arrival_to_its_answer() {
    let bed = Bed::new().await;
    let (case, _) = reported(&bed).await;
    let (lead, second) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let fields = [
        ("authority", "subpoena"),
        ("recipient", "court"),
        ("agency", "Court of Example"),
        ("officer", "the clerk"),
        ("reference", "S-1"),
        ("scope", "the account of case 1"),
        ("case", "1"),
        ("due_at", "2026-12-01T09:00"),
    ];
    // A refusal loses no word.
    let wrong = fields.map(|(name, value)| (name, if name == "case" { "999" } else { value }));
    let refused = bed.console("/console/legal", &lead, &wrong).await.1;
    assert!(refused.contains("There is no such case.") && refused.contains("the account of case 1</textarea>"));
    assert_eq!(bed.console("/console/legal", &lead, &fields).await.0, 303);
    let rows = bed.get(&format!("/v1/legal-processes?case={case}"), &lead).await.ok()["rows"].clone();
    let (process, due) = (id(&rows[0]), rows[0]["due_at"].clone());
    assert_eq!(due, "2026-12-01T09:00:00Z");
    let page = format!("/console/legal/{process}");
    let refused =
        bed.console(&format!("{page}/packages"), &lead, &[("case", "1"), ("reason", "the subpoena asks for it")]).await;
    assert!(refused.1.contains("role=\"alert\"") && refused.1.contains("who it says"));
    bed.console(&format!("{page}/verification"), &lead, &[("how", "called the court's registry back")]).await;
    bed.console(&format!("{page}/packages"), &lead, &[("case", "1"), ("reason", "the subpoena asks for it")]).await;
    let packages = bed.get(&format!("/v1/packages?process={process}"), &lead).await.ok()["rows"].clone();
    let approval = format!("/console/packages/{}/approval", id(&packages[0]));
    let yes = [("granted", "yes"), ("reason", "as asked"), ("process", process.as_str())];
    assert!(bed.console(&approval, &lead, &yes).await.1.contains("two people"));
    assert_eq!(bed.console(&approval, &second, &yes).await.0, 303);
    assert!(bed.console(&page, &lead, &[]).await.1.contains("tanod evidence export 1 --out FILE"));
    bed.console(&format!("{page}/settlement"), &lead, &[("given", "yes"), ("words", "the package of case 1")]).await;
    assert!(bed.console(&page, &lead, &[]).await.1.contains("answered"));
    // A reviewer has no way here.
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(bed.console("/console/legal", &reviewer, &[]).await.0, 403);
}
