//! Sealed at intake, held by law, and on a record that nobody can bend.

use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;

#[tokio::test]
async fn media_of_a_match_is_sealed_and_opens_to_the_very_bytes() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (_, item) = matched(&bed, &media, "u").await;
    let [object] = bed.app.vault.objects.list().await.unwrap()[..] else { panic!("one object") };
    let stored = bed.app.vault.objects.get(object).await.unwrap();
    assert!(!stored.windows(16).any(|window| media.windows(16).any(|plain| plain == window)));
    let mut tx = bed.app.db.read().await.unwrap();
    let exhibit = tanod::evidence::exhibit(&mut tx, item.parse().unwrap()).await.unwrap();
    assert_eq!(bed.app.vault.open(&exhibit).await.unwrap(), media);
    assert_eq!(tanod::evidence::sample(&mut tx, &bed.app.vault, 9).await.unwrap(), (1, 0));
    drop(tx);
    // The data folder alone opens nothing: the secret lies outside of it.
    let mut settings = bed.settings.clone();
    settings.secret_file = bed.data().join("nothing").to_string_lossy().into_owned();
    let said = open(settings, &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("TANOD_SECRET"), "{said}");
}

#[tokio::test]
async fn a_finished_report_is_kept_for_a_year_and_nothing_shortens_it() {
    let bed = Bed::new().await;
    let (case, item) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let lead = bed.person(Role::Lead).await;
    let shown = bed.get(&format!("/v1/cases/{case}"), &lead).await.ok();
    let holds = shown["holds"].as_array().unwrap();
    let year = holds.iter().find(|hold| hold["basis"] == "us_2258a_h").unwrap();
    let until: jiff::Timestamp = year["until"].as_str().unwrap().parse().unwrap();
    let finished: jiff::Timestamp = shown["reports"][0]["finished_at"].as_str().unwrap().parse().unwrap();
    assert!(until.duration_since(finished).as_hours() >= 365 * 24);
    // Even if the exhibit had an expiry, the hold forbids it.
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("UPDATE exhibits SET expires_at = 1", &[]).await.unwrap();
    let refused = tanod::evidence::destroy_expired(&mut tx, item.parse().unwrap()).await.err().unwrap();
    assert_eq!(refused.slug(), Some("on-hold"));
    drop(tx);
    bed.work(24 * 3).await;
    assert_eq!(bed.app.vault.objects.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_altered_record_does_not_verify() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    bed.upload(&key, &facts("b", "u"), &png(&picture(7, 100, 100))).await.ok();
    bed.ledger_verifies().await;
    for (name, sql) in [
        ("kind", "UPDATE audit SET kind = 'item.no_match' WHERE kind = 'item.matched'"),
        ("detail", "UPDATE audit SET detail = '{}' WHERE kind = 'item.matched'"),
        ("time", "UPDATE audit SET at = at + 1000000 WHERE kind = 'item.matched'"),
        ("gone", "DELETE FROM audit WHERE kind = 'item.matched'"),
        ("leaf", "UPDATE audit SET leaf = salt WHERE kind = 'item.matched'"),
        ("place", "UPDATE audit SET position = 900 WHERE kind = 'item.matched'"),
        ("checkpoint", "UPDATE checkpoints SET size = size + 1"),
        ("note", "UPDATE checkpoints SET note = 'x'"),
    ] {
        let mut tx = bed.app.db.write().await.unwrap();
        assert!(tx.execute(sql, &[]).await.unwrap() > 0, "{name}");
        let found = tanod::audit::verify(&mut tx, &bed.app.signer.vkey()).await.unwrap();
        assert!(found.is_err(), "{name}");
        // Not committed: the next one begins from the true record.
    }
    // Particulars may be destroyed; the proof stays.
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("UPDATE audit SET salt = NULL, detail = NULL", &[]).await.unwrap();
    assert!(tanod::audit::verify(&mut tx, &bed.app.signer.vkey()).await.unwrap().is_ok());
    drop(tx);
    let mut tx = bed.app.db.read().await.unwrap();
    let (leaves, notes) = tanod::audit::export(&mut tx).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    ledger::export::write(folder.path(), &leaves, &notes, &bed.app.signer.vkey()).unwrap();
    assert_eq!(ledger::export::verify(folder.path()).unwrap().size, leaves.len() as u64);
}

/// Two processes that give places at the same time give each entry one.
#[tokio::test]
async fn two_sequencers_give_each_entry_one_place() {
    let bed = Bed::new().await;
    let other = bed.neighbour().await;
    for n in 0..12 {
        bed.bank("test", &[("md5", format!("{n:032x}"))]).await;
        let (a, b) = tokio::join!(tanod::roles::sequence_once(&bed.app), tanod::roles::sequence_once(&other));
        a.and(b).unwrap();
    }
    bed.ledger_verifies().await;
}
