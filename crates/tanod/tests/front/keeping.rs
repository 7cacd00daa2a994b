//! What is kept, for how long, and what is not.

use serde_json::json;
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::matched;

#[tokio::test]
async fn an_upload_without_a_match_leaves_fingerprints_only() {
    let bed = Bed::new().await;
    known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts("plain", "secret-account"), &png(&picture(5, 200, 150))).await.ok();
    assert_eq!(said["verdict"], "no_match");
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items WHERE facts IS NOT NULL").await, 0);
    let shown = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!(shown["fingerprints"], said["fingerprints"]);
}

#[tokio::test]
async fn an_unscanned_upload_is_looked_at_again_and_becomes_a_match() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let said = bed.upload(&key, &facts("a", "u"), &media).await.ok();
    assert_eq!(said["reason"], "no_list");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    bed.work(1).await;
    known(&bed, 1).await;
    bed.work(2).await;
    let shown = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!((&shown["verdict"], &shown["strength"]), (&json!("match"), &json!("exact")));
    assert!(shown["case"].is_string());
    // It belongs to a case now: the expiry of the unscanned no longer touches it.
    bed.work(9 * 24).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    bed.ledger_verifies().await;
}

/// A second look that finds nothing leaves what a first one would have left: fingerprints.
#[tokio::test]
async fn an_unscanned_upload_that_turns_out_unknown_is_not_kept() {
    let bed = Bed::new().await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts("a", "u"), &png(&picture(5, 200, 150))).await.ok();
    assert_eq!(said["reason"], "no_list");
    known(&bed, 1).await;
    bed.work(1).await;
    let shown = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!(shown["verdict"], "no_match");
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM data_keys").await, 0);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM items WHERE facts IS NOT NULL").await, 0);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM jobs").await, 0);
    bed.ledger_verifies().await;
}

/// A store that is down for an afternoon ends neither the retries nor the duty to let go.
#[tokio::test]
async fn an_outage_does_not_end_the_second_look() {
    let mut bed = Bed::new().await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let media = jpeg(&picture(1, 320, 240), 90);
    bed.upload(&key, &facts("a", "u"), &media).await.ok();
    known(&bed, 1).await;
    let nothing = tempfile::tempdir().unwrap();
    let empty = vault::Objects::folder(nothing.path()).unwrap();
    let there = std::mem::replace(&mut bed.app.vault.objects, std::sync::Arc::new(empty));
    bed.work(30).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM jobs WHERE attempts > 20 AND state = 'waiting'").await, 1);
    bed.app.vault.objects = there;
    bed.work(2).await;
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM signals").await, 1);
}

#[tokio::test]
async fn an_unscanned_upload_that_stays_so_expires() {
    let bed = Bed::new().await;
    known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let said = bed.upload(&key, &facts("a", "u"), b"no picture at all").await.ok();
    assert_eq!(said["reason"], "unsupported_format");
    bed.work(6 * 24).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
    bed.work(2 * 24).await;
    assert!(bed.app.vault.objects.list().await.unwrap().is_empty());
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM data_keys").await, 0);
    let auditor = bed.person(Role::Auditor).await;
    let record = bed.get("/v1/audit", &auditor).await.ok();
    assert!(record["rows"].as_array().unwrap().iter().any(|entry| entry["kind"] == "exhibit.destroyed"));
}

/// What a crash left between an object and its row is swept, and what a row names is not.
#[tokio::test]
async fn an_object_that_no_row_names_is_swept() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    let orphan = tanod::store::ObjectId(tanod::store::new_uuid(bed.clock.now(), bed.app.db.random()));
    bed.app.vault.seal(orphan, &bytes::Bytes::from_static(b"left")).await.unwrap();
    let sweep = async || {
        let mut tx = bed.app.db.read().await.unwrap();
        tanod::evidence::sweep(&mut tx, &bed.app.vault).await.unwrap().orphans
    };
    assert_eq!(sweep().await, 0, "it may belong to a transaction that is still open");
    bed.clock.advance(std::time::Duration::from_hours(2));
    assert_eq!(sweep().await, 1);
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_two_worlds_do_not_mix() {
    let bed = Bed::new().await;
    let refused = async |change: &dyn Fn(&mut tanod::config::Settings)| {
        let mut settings = bed.settings.clone();
        change(&mut settings);
        open(settings, &bed.clock).await.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let live = Some(tanod::store::World::Live);
    assert!(refused(&|settings| settings.world = live).await.contains("made for demo"));
    assert!(
        refused(&|settings| settings.reporting.ncmec = "production".to_owned())
            .await
            .contains("demo database cannot report")
    );
    assert!(
        refused(&|settings| settings.reporting.ncmec = "http://192.0.2.1/ispws".to_owned())
            .await
            .contains("is not understood")
    );
    assert!(refused(&|settings| settings.objects = "ftp://x".to_owned()).await.contains("file:PATH or s3://BUCKET"));
    assert_eq!(refused(&|settings| settings.world = None).await, "");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = tanod::config::Settings::load(Some(&elsewhere.path().join("live")), None).unwrap();
    for (ncmec, expected) in [
        ("exttest", "a live database cannot report"),
        ("http://127.0.0.1:9/ispws", "a live database cannot report"),
        ("off", ""),
    ] {
        settings.reporting.ncmec = ncmec.to_owned();
        let said = open(settings.clone(), &bed.clock).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{ncmec}: {said}");
    }
}

/// A new database beside evidence that it does not know: sweeping would destroy it, so it is not even opened.
#[tokio::test]
async fn another_installations_evidence_is_not_touched() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = tanod::config::Settings::load(Some(&elsewhere.path().join("new")), None).unwrap();
    settings.objects.clone_from(&bed.settings.objects);
    settings.s3 = bed.settings.s3.clone();
    bed.clock.advance(std::time::Duration::from_secs(1));
    let said = open(settings, &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("another installation"), "{said}");
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_process_serves_a_file_and_nothing_crosses_a_network_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = tanod::config::Settings::load(Some(folder.path()), None).unwrap();
    let first = tanod::plan::sole(&settings).unwrap();
    let second = tanod::plan::sole(&settings).unwrap_err().to_string();
    assert!(second.contains("another process serves"), "{second}");
    drop(first);
    tanod::plan::sole(&settings).unwrap();
    for (listen, fine) in [("127.0.0.1:1", true), ("[::1]:1", true), ("0.0.0.0:1", false), ("192.0.2.1:1", false)] {
        settings.listen = listen.to_owned();
        assert_eq!(tanod::plan::reachable(&settings).is_ok(), fine, "{listen}");
    }
    settings.behind_tls = true;
    tanod::plan::reachable(&settings).unwrap();
}
