//! What happens when things break under sealed evidence: nothing that was acknowledged is lost, and what cannot be done says so.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tanod::accounts::{Role, Scope};
use tanod::evidence;

use super::bed::*;
use super::cases::*;

/// A store that takes nothing: a file stands where its folder was.
fn broken() -> (tempfile::TempDir, Arc<vault::Objects>) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("objects");
    let objects = vault::Objects::folder(&place).unwrap();
    fs_err::remove_dir(&place).unwrap();
    fs_err::write(&place, b"in the way").unwrap();
    (folder, Arc::new(objects))
}

#[tokio::test]
async fn a_store_that_fails_acknowledges_nothing_and_loses_nothing() {
    let mut bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let (_folder, objects) = broken();
    let there = std::mem::replace(&mut bed.app.vault.objects, objects);
    bed.router = tanod::web::router::router(&bed.app, true, true);
    let said = bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await;
    assert_eq!(said.status.as_u16() / 100, 5, "{said:?}");
    assert!(said.json()["slug"].is_string());
    for sql in
        ["SELECT COUNT(*) AS n FROM cases", "SELECT COUNT(*) AS n FROM exhibits", "SELECT COUNT(*) AS n FROM data_keys"]
    {
        assert_eq!(bed.count(sql).await, 0, "{sql}");
    }
    // The same request again, once the store is back.
    bed.app.vault.objects = there;
    bed.router = tanod::web::router::router(&bed.app, true, true);
    let said = bed.upload_once(&key, &facts("a", "u"), &media, Some("once")).await.ok();
    assert_eq!(said["verdict"], "match");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_rotten_object_is_not_shown_and_the_doctor_finds_it() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let object = bed.app.vault.objects.list().await.unwrap()[0];
    let mut bytes = bed.app.vault.objects.get(object).await.unwrap().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bed.app.vault.objects.delete(object).await.unwrap();
    bed.app.vault.objects.put(object, bytes.into()).await.unwrap();
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    let said = look(&bed, &lead, &case, &item, false).await;
    assert_eq!(said.status, 500);
    assert!(said.json()["slug"].is_string(), "no part of an altered object leaves");
    let mut tx = bed.app.db.read().await.unwrap();
    assert_eq!(evidence::sample(&mut tx, &bed.app.vault, 9).await.unwrap(), (1, 1));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM views").await, 0, "nobody looked");
}

/// A lost key ring is never replaced in silence: what was sealed would be lost for good, and the record would get another key.
#[tokio::test]
async fn a_lost_key_ring_is_not_made_anew() {
    let bed = Bed::new().await;
    let (_, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let ring = bed.data().join("keys.json");
    let kept = fs_err::read(&ring).unwrap();
    fs_err::remove_file(&ring).unwrap();
    let said = open(bed.settings.clone(), &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("key ring") && said.contains("backup"), "{said}");
    assert!(!ring.exists());
    fs_err::write(&ring, b"{}").unwrap();
    let said = open(bed.settings.clone(), &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("damaged"), "{said}");
    fs_err::write(&ring, kept).unwrap();
    let app = open(bed.settings.clone(), &bed.clock).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let exhibit = evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
    app.vault.open(&exhibit).await.unwrap();
}

/// The secret is lost: the recovery identity, which lay on paper, opens the ring, and a new secret takes the lost one's place.
#[tokio::test]
async fn a_lost_secret_is_survived_with_the_recovery_identity() {
    let (identity, recipient) = vault::recovery_identity();
    let named = recipient.clone();
    let bed = Bed::with(|settings, _| settings.recovery_recipient = named).await;
    let media = [known(&bed, 1).await, known(&bed, 2).await];
    let mut items = Vec::new();
    for (media, account) in media.iter().zip(["u", "v"]) {
        items.push(matched(&bed, media, account).await.1);
    }
    bed.app.vault.ring.change(|ring| ring.rotate(bed.app.db.random())).unwrap();
    let place = std::path::PathBuf::from(&bed.settings.secret_file);
    let lost = fs_err::read_to_string(&place).unwrap();
    fs_err::remove_file(&place).unwrap();
    let said = open(bed.settings.clone(), &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("TANOD_SECRET"), "{said}");
    let (file, random) = (bed.data().join("keys.json"), bed.app.db.random().clone());
    let (stranger, _) = vault::recovery_identity();
    let opened = async |with: &str| {
        let with = evidence::Opens::Secret(with.trim().to_owned().into());
        evidence::Ring::open(&file, with, &random, &bed.clock).await
    };
    assert!(opened(&stranger).await.is_err());
    let ring = opened(&identity).await.unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let (secret, proof) = evidence::recover(&mut tx, &ring).await.unwrap();
    tx.commit(proof).await.unwrap();
    fs_err::write(&place, secret.as_bytes()).unwrap();
    let app = open(bed.settings.clone(), &bed.clock).await.unwrap();
    for (media, item) in media.iter().zip(items) {
        let mut tx = app.db.read().await.unwrap();
        let exhibit = evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
        assert_eq!(app.vault.open(&exhibit).await.unwrap(), media);
    }
    assert_eq!(app.vault.ring.now().unwrap().recovery(), Some(recipient.as_str()));
    assert!(opened(&lost).await.is_err(), "the lost one opens nothing");
    bed.ledger_verifies().await;
}

/// Killed between any two steps of a rotation: the ring's file comes first, then data keys in batches. What was wrapped before, what
/// was wrapped anew and what came since opens in whichever process, and a rotation begun again finishes.
#[tokio::test]
async fn a_rotation_that_was_interrupted_opens_everything() {
    let bed = Bed::new().await;
    let rotate = || bed.app.vault.ring.change(|ring| ring.rotate(bed.app.db.random())).unwrap().len();
    let mut kept = Vec::new();
    for (seed, account) in [(1, "u"), (2, "v"), (3, "w")] {
        let media = known(&bed, seed).await;
        let item = matched(&bed, &media, account).await.1;
        kept.push((media, item));
        // The file is in its place, and the process ends; the last time after a batch, whose commit is lost.
        rotate();
        let mut tx = bed.app.db.write().await.unwrap();
        evidence::rewrap(&mut tx, &bed.app.vault.ring, None).await.unwrap();
        drop(tx);
        // A file that was only half written beside it is nobody's.
        fs_err::write(bed.data().join("keys.newer"), b"{\"format\":").unwrap();
        let app = open(bed.settings.clone(), &bed.clock).await.unwrap();
        for (media, item) in &kept {
            let mut tx = app.db.read().await.unwrap();
            let exhibit = evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
            assert_eq!(app.vault.open(&exhibit).await.unwrap(), media);
        }
    }
    assert_eq!(rotate(), 5);
    let mut tx = bed.app.db.write().await.unwrap();
    assert_eq!(evidence::rewrap(&mut tx, &bed.app.vault.ring, None).await.unwrap().0, 3);
    tx.commit(tanod::store::Recorded::unrecorded("the command writes the entry")).await.unwrap();
    bed.ledger_verifies().await;
}

/// Killed between any two steps of destroying: the key is gone first, and whoever comes next finishes.
#[tokio::test]
async fn a_destruction_that_was_interrupted_is_finished() {
    let mut bed = Bed::new().await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    known(&bed, 1).await;
    bed.upload(&key, &facts("a", "u"), b"no picture at all").await.ok();
    // The store is away when the week of the unscanned ends: the key goes all the same, and nothing opens the object any more.
    let (_folder, objects) = broken();
    let there = std::mem::replace(&mut bed.app.vault.objects, objects);
    bed.work(8 * 24).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM data_keys").await, 0);
    assert_eq!(
        bed.count("SELECT COUNT(*) AS n FROM destructions WHERE certificate IS NOT NULL").await,
        0,
        "not verified"
    );
    assert_eq!(there.list().await.unwrap().len(), 1);
    bed.app.vault.objects = there;
    bed.work(2).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM destructions WHERE certificate IS NOT NULL").await, 1);
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    assert_eq!(bed.app.vault.objects.buried().await.unwrap().len(), 1);
    bed.ledger_verifies().await;
}

/// A clock that jumps ahead and back: holds stand, time goes on, and the record stays whole.
#[tokio::test]
async fn a_clock_that_jumps_back_and_forth_ends_no_hold() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    evidence::jobs::watch(&bed.app).await.unwrap();
    let back = tanod::clock::Clock::fixed(bed.clock.now());
    bed.clock.advance(Duration::from_hours(24 * 800));
    evidence::jobs::watch(&bed.app).await.unwrap();
    bed.work(1).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    // Another process, whose clock is right, goes on; what was believed never goes back.
    let right = open(bed.settings.clone(), &back).await.unwrap();
    for _ in 0..3 {
        back.advance(Duration::from_hours(24));
        evidence::jobs::watch(&right).await.unwrap();
        evidence::jobs::watch(&bed.app).await.unwrap();
    }
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    let alarms = bed.get("/v1/alarms", &bed.person(Role::Auditor).await).await.ok();
    assert!(alarms["rows"].as_array().unwrap().iter().any(|alarm| alarm["kind"] == json!("clock_jumped")));
    bed.ledger_verifies().await;
}
