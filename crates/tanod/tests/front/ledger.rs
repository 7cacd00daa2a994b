//! A record that nobody can bend: three steps to the log, proofs that travel, and every kind of tampering named.

use std::path::Path;

use tanod::accounts::{Role, Scope};
use tanod::audit;
use tanod::roles::sequence_once;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::matched;

/// What verifying finds wrong.
async fn fault(bed: &Bed, kept: Option<&str>) -> Option<String> {
    let mut tx = bed.app.db.read().await.unwrap();
    audit::verify(&mut tx, &bed.app.signer.vkey(), kept).await.unwrap().err()
}

async fn checkpoint(bed: &Bed) -> String {
    sequence_once(&bed.app).await.unwrap();
    let mut tx = bed.app.db.read().await.unwrap();
    audit::newest_checkpoint(&mut tx).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_named() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    bed.upload(&key, &facts("b", "u"), &png(&picture(7, 100, 100))).await.ok();
    bed.ledger_verifies().await;
    let at = 3;
    let last = bed.count("SELECT MAX(position) AS n FROM audit").await;
    let entry = |at: i64, words: &str| format!("entry {at} {words}");
    let fields = entry(at, "was altered: its fields are not those of its leaf");
    let size = last + 1;
    for (sql, said) in [
        ("UPDATE audit SET kind = 'item.no_match' WHERE position = 3", fields.clone()),
        ("UPDATE audit SET at = at + 1000000 WHERE position = 3", fields.clone()),
        ("UPDATE audit SET actor = 'staff 9' WHERE position = 3", fields.clone()),
        ("UPDATE audit SET leaf = salt WHERE position = 3", fields),
        (
            "UPDATE audit SET detail = '{}' WHERE position = 3",
            entry(at, "was altered: its particulars are not those it committed to"),
        ),
        ("DELETE FROM audit WHERE position = 3", entry(at, &format!("is missing: the next one has place {}", at + 1))),
        (
            "UPDATE audit SET position = 900 WHERE position = 3",
            entry(at, &format!("is missing: the next one has place {}", at + 1)),
        ),
        // Two entries change places.
        (
            "UPDATE audit SET position = -position - 1 WHERE position >= (SELECT MAX(position) - 1 FROM audit)",
            format!("a checkpoint promises {size} entries, and there are {}", last - 1),
        ),
        (
            "DELETE FROM audit WHERE position = (SELECT MAX(position) FROM audit)",
            format!("a checkpoint promises {size} entries, and there are {last}"),
        ),
        (
            "UPDATE checkpoints SET size = size + 1",
            format!("{size} entries were promised, and the checkpoint that did so is missing"),
        ),
        ("DELETE FROM checkpoints", format!("{size} entries were promised, and the checkpoint that did so is missing")),
        (
            "UPDATE checkpoints SET note = 'x'",
            format!("the checkpoint of size {size} is not signed by us: it does not have the form of a signed note"),
        ),
    ] {
        let mut tx = bed.app.db.write().await.unwrap();
        assert!(tx.execute(sql, &[]).await.unwrap() > 0, "{sql}");
        let found = audit::verify(&mut tx, &bed.app.signer.vkey(), None).await.unwrap();
        assert_eq!(found.unwrap_err(), said, "{sql}");
        // Not committed: the next one begins from the true record.
    }
    // Reordered: the first two entries, with their ids and everything.
    let mut tx = bed.app.db.write().await.unwrap();
    for sql in [
        "UPDATE audit SET position = 901 WHERE position = 0",
        "UPDATE audit SET position = 0 WHERE position = 1",
        "UPDATE audit SET position = 1 WHERE position = 901",
    ] {
        tx.execute(sql, &[]).await.unwrap();
    }
    let found = audit::verify(&mut tx, &bed.app.signer.vkey(), None).await.unwrap().unwrap_err();
    assert!(found.contains("has another root than its entries"), "{found}");
    drop(tx);
    // Particulars may be destroyed; the proof stays (EV-07).
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("UPDATE audit SET salt = NULL, detail = NULL", &[]).await.unwrap();
    assert!(audit::verify(&mut tx, &bed.app.signer.vkey(), None).await.unwrap().is_ok());
    let folder = tempfile::tempdir().unwrap();
    let written = audit::export(&mut tx, folder.path(), &bed.app.signer.vkey()).await.unwrap();
    assert_eq!((ledger::export::verify(folder.path()).unwrap().size, written), (written, size.cast_unsigned()));
}

/// An older state of the whole database is consistent in itself: a checkpoint that somebody kept tells, and so do the files.
#[tokio::test]
async fn a_rolled_back_record_is_told_by_what_others_kept() {
    let bed = Bed::new().await;
    bed.bank("test", &[("md5", "00".repeat(16))]).await;
    let older = checkpoint(&bed).await;
    bed.bank("test", &[("md5", "01".repeat(16))]).await;
    let kept = checkpoint(&bed).await;
    assert_eq!((fault(&bed, Some(&older)).await, fault(&bed, Some(&kept)).await), (None, None));
    let refused = audit::verify(&mut bed.app.db.read().await.unwrap(), &bed.app.signer.vkey(), Some("x")).await;
    assert_eq!(refused.err().unwrap().slug(), Some("bad-checkpoint"));
    // Everything after the older checkpoint is made as if it had never been.
    let size: i64 = older.lines().nth(1).unwrap().parse().unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    tx.execute("DELETE FROM checkpoints WHERE size > $1", &[size.into()]).await.unwrap();
    tx.execute("DELETE FROM audit WHERE position >= $1", &[size.into()]).await.unwrap();
    tx.execute(
        "UPDATE tree SET size = $1, promised = $1, frontier = (SELECT frontier FROM checkpoints WHERE size = $1)",
        &[size.into()],
    )
    .await
    .unwrap();
    tx.commit(Recorded::unrecorded("a test tampers")).await.unwrap();
    assert_eq!(fault(&bed, None).await, None);
    let said = fault(&bed, Some(&kept)).await.unwrap();
    assert!(said.starts_with("rolled back: "), "{said}");
    // The service itself does not go on over the files that promise more.
    bed.key(&[]).await;
    let said = sequence_once(&bed.app).await.unwrap_err();
    assert!(said.to_string().contains("rolled back"), "{said}");
}

#[tokio::test]
async fn each_step_may_be_the_last_before_a_crash() {
    let bed = Bed::new().await;
    let entries = async |bed: &Bed| {
        bed.key(&[]).await;
        bed.count("SELECT COUNT(*) AS n FROM audit").await.cast_unsigned()
    };
    let proof = || Recorded::unrecorded("a test stops between two steps");
    for steps in 0..4 {
        let size = entries(&bed).await;
        let mut tx = bed.app.db.write().await.unwrap();
        if steps > 0 {
            assert_eq!(audit::sequence(&mut tx).await.unwrap(), 1);
        }
        if steps > 1 {
            assert_eq!(audit::integrate(&mut tx).await.unwrap(), 1);
        }
        if steps > 2 {
            // Committed, and the files have no checkpoint for it.
            audit::publish(&mut tx, &bed.app.signer, bed.app.ledger.as_deref()).await.unwrap().unwrap();
        }
        tx.commit(proof()).await.unwrap();
        let mut tx = bed.app.db.read().await.unwrap();
        let found = audit::verify(&mut tx, &bed.app.signer.vkey(), None).await.unwrap().unwrap();
        assert_eq!(found.waiting, u64::from(steps <= 2), "after {steps} steps");
        drop(tx);
        // Another process goes on.
        let other = bed.neighbour().await;
        sequence_once(&other).await.unwrap();
        bed.ledger_verifies().await;
        let files = ledger::export::verify(&bed.data().join("ledger")).unwrap();
        assert_eq!(files.size, if steps > 2 { size - 1 } else { size }, "after {steps} steps");
    }
    // What was promised and not offered is offered with the next.
    let size = entries(&bed).await;
    sequence_once(&bed.app).await.unwrap();
    assert_eq!(ledger::export::verify(&bed.data().join("ledger")).unwrap().size, size);
    // Files that were bent or lost are written anew.
    for bend in [b"x".as_slice(), b""] {
        let part =
            bed.data().join(format!("ledger/tile/entries/000.p/{}", checkpoint(&bed).await.lines().nth(1).unwrap()));
        fs_err::write(part, bend).unwrap();
        let size = entries(&bed).await;
        sequence_once(&bed.app).await.unwrap();
        assert_eq!(ledger::export::verify(&bed.data().join("ledger")).unwrap().size, size);
    }
}

/// Two processes that give places at the same time give each entry one.
#[tokio::test]
async fn two_sequencers_give_each_entry_one_place() {
    let bed = Bed::new().await;
    let other = bed.neighbour().await;
    for n in 0..12 {
        bed.bank("test", &[("md5", format!("{n:032x}"))]).await;
        let (a, b) = tokio::join!(sequence_once(&bed.app), sequence_once(&other));
        a.and(b).unwrap();
    }
    bed.ledger_verifies().await;
    assert!(ledger::export::verify(&bed.data().join("ledger")).is_ok());
}

/// Whoever verifies while the service goes on sees one state of it, in the database and in the files.
#[tokio::test]
async fn a_verifier_is_right_while_appends_go_on() {
    let bed = Bed::new().await;
    let writer = bed.neighbour().await;
    let appending = async {
        for n in 0..60 {
            let mut tx = writer.db.write().await.unwrap();
            for _ in 0..n % 7 {
                audit::record(&mut tx, audit::Entry::by_tanod("test.happened")).await.map(drop).unwrap();
            }
            let proof = audit::record(&mut tx, audit::Entry::by_tanod("test.happened")).await.unwrap();
            tx.commit(proof).await.unwrap();
            sequence_once(&writer).await.unwrap();
        }
    };
    let verifying = async {
        let mut seen = 0;
        for _ in 0..40 {
            assert_eq!(fault(&bed, None).await, None);
            let folder = bed.data().join("ledger");
            if folder.join("checkpoint").exists() {
                let files =
                    tokio::task::spawn_blocking(move || ledger::export::verify(&folder)).await.unwrap().unwrap();
                assert!(files.size >= seen);
                seen = files.size;
            }
        }
    };
    tokio::join!(appending, verifying);
    bed.ledger_verifies().await;
}

/// Runs the auditor's script, where there is a Python with the package it needs.
#[expect(clippy::disallowed_methods, reason = "the auditor's script is another program")]
fn auditor(args: &[&str]) -> Option<(bool, String)> {
    let made = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
    let named = std::env::var("TANOD_TEST_PYTHON").ok();
    let python = named.or_else(|| Path::new(made).exists().then(|| made.to_owned()))?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/verify-ledger.py");
    let said = std::process::Command::new(python).arg("-B").arg(script).args(args).output().unwrap();
    let words = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    Some((said.status.success(), words))
}

#[tokio::test]
async fn proofs_travel_and_an_auditor_checks_them_without_us() {
    let bed = Bed::new().await;
    matched(&bed, &known(&bed, 1).await, "u").await;
    let kept = checkpoint(&bed).await;
    for n in 0..300 {
        let mut tx = bed.app.db.write().await.unwrap();
        let entry = audit::Entry::by_tanod("test.happened").detail(serde_json::json!({"n": n}));
        let proof = audit::record(&mut tx, entry).await.unwrap();
        tx.commit(proof).await.unwrap();
    }
    let auditor_token = bed.person(Role::Auditor).await;
    sequence_once(&bed.app).await.unwrap();
    let record = bed.get("/v1/audit", &auditor_token).await.ok();
    let matched = record["rows"].as_array().unwrap().iter().find(|entry| entry["kind"] == "test.happened").unwrap();
    let id = matched["id"].as_str().unwrap().parse().unwrap();
    let vkey = bed.app.signer.vkey();
    let mut tx = bed.app.db.read().await.unwrap();
    let placed = audit::prove(&mut tx, id, &vkey).await.unwrap().text();
    let grown = audit::prove_growth(&mut tx, &kept, &vkey).await.unwrap().text();
    let verifier = ledger::Verifier::parse(&vkey).unwrap();
    let placed_proof = ledger::Inclusion::parse(&placed).unwrap();
    placed_proof.verify(&verifier).unwrap();
    let text = String::from_utf8(placed_proof.entry).unwrap();
    assert!(text.starts_with(&format!("tanod-audit-v1\nid {}\n", matched["id"].as_str().unwrap())), "{text}");
    let older = verifier.open(&kept).unwrap();
    ledger::Growth::parse(&grown).unwrap().verify(&verifier, &older).unwrap();
    let nobody: tanod::store::AuditId = tx.id();
    assert_eq!(audit::prove(&mut tx, nobody, &vkey).await.err().unwrap().slug(), Some("not-in-the-ledger"));
    // A witness that saw the growth vouches for it, and its line stands beside ours from then on.
    let other = ledger::Cosigned::from_seed("witness.example", &[5; 32]).unwrap();
    let line = other.vouch(&ledger::Growth::parse(&grown).unwrap(), &verifier, &older, 1_790_000_000).unwrap();
    drop(tx);
    let witness = ledger::Witness::parse(&other.vkey()).unwrap();
    let mut tx = bed.app.db.write().await.unwrap();
    let (_, time) = audit::cosign(&mut tx, &witness, &line).await.unwrap();
    assert_eq!((time, audit::cosign(&mut tx, &witness, &line).await.unwrap().1), (1_790_000_000, time));
    assert_eq!(audit::cosign(&mut tx, &witness, "x").await.err().unwrap().slug(), Some("bad-cosignature"));
    let (note, _) = audit::cosign(&mut tx, &witness, &line).await.unwrap();
    tx.commit(Recorded::unrecorded("the command writes the entry")).await.unwrap();
    audit::offer(bed.app.ledger.as_deref().unwrap(), &bed.app.signer, &note).unwrap();
    bed.ledger_verifies().await;

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (vkey, kept) = (file("vkey", &format!("{vkey}\n")), file("kept", &kept));
    let (place, growth) = (file("place", &placed), file("growth", &grown));
    let bent = file("bent", &placed.replace("index ", "index 1"));
    let shrunk = file("shrunk", &grown.replacen("old ", "old 1", 1));
    let served = bed.data().join("ledger");
    let served = served.to_str().unwrap();
    for (args, fine, words) in [
        (vec!["--proof", &place, "--vkey", &vkey], true, "verified: at place"),
        (vec!["--proof", &bent, "--vkey", &vkey], false, "does not stand at place"),
        (vec!["--growth", &growth, "--since", &kept, "--vkey", &vkey], true, "begins with the"),
        (vec!["--growth", &shrunk, "--since", &kept, "--vkey", &vkey], false, "does not begin with"),
        (vec![served, "--since", &kept], true, "verified "),
        (vec![served, "--witness", &other.vkey()], true, "witness.example vouched for it at 1790000000"),
        (vec![served, "--witness", &other.vkey().replace("example", "other")], false, "not verified"),
    ] {
        let Some((done, said)) = auditor(&args) else { return };
        assert!(done == fine && said.contains(words), "{args:?}: {said}");
    }
}
