//! Time stamps of an authority that is not us (EV-05): asked for, kept, exported, and every bent one named.

use std::path::Path;
use std::time::Duration;

use sim::tsa::{Authority, Mood};
use tanod::accounts::Role;
use tanod::audit;
use tanod::roles::sequence_once;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::*;

/// An installation that has its checkpoints stamped by a simulator, and a root file that lasts as long as it.
async fn stamping() -> (Bed, Authority, tempfile::TempDir) {
    let clock = std::sync::Arc::new(std::sync::OnceLock::<tanod::clock::Clock>::new());
    let hand = clock.clone();
    let authority =
        Authority::new(move || hand.get().map_or(jiff::Timestamp::UNIX_EPOCH, tanod::clock::Clock::now)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/tsa", listener.local_addr().unwrap());
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root.pem");
    fs_err::write(&root, authority.root()).unwrap();
    let bed = Bed::with(|settings, _| {
        settings.time_stamps.authority = address;
        root.to_str().unwrap().clone_into(&mut settings.time_stamps.root);
    })
    .await;
    clock.set(bed.clock.clone()).ok();
    let router = authority.router();
    bed.app.tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (bed, authority, place)
}

async fn happens(bed: &Bed) {
    let mut tx = bed.app.db.write().await.unwrap();
    let proof = audit::record(&mut tx, audit::Entry::by_tanod("test.happened")).await.unwrap();
    tx.commit(proof).await.unwrap();
    sequence_once(&bed.app).await.unwrap();
}

async fn verified(bed: &Bed) -> Result<usize, String> {
    let mut tx = bed.app.db.read().await.unwrap();
    let roots = bed.app.stamps.as_ref().map(|authority| &authority.roots);
    audit::verify_stamps(&mut tx, &bed.app.signer.vkey(), roots).await.unwrap()
}

#[tokio::test]
async fn checkpoints_are_stamped_daily_and_after_each_report() {
    let (bed, authority, _place) = stamping().await;
    happens(&bed).await;
    assert!(audit::watch_stamps(&bed.app).await.unwrap());
    assert!(!audit::watch_stamps(&bed.app).await.unwrap(), "nothing is new");
    happens(&bed).await;
    assert!(!audit::watch_stamps(&bed.app).await.unwrap(), "a day has not gone by");
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let lead = bed.person(Role::Lead).await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    sequence_once(&bed.app).await.unwrap();
    assert!(audit::watch_stamps(&bed.app).await.unwrap(), "a report was filed");
    // An authority that is down, refuses, or says something else leaves nothing, and is asked again.
    bed.clock.advance(Duration::from_hours(24));
    happens(&bed).await;
    for mood in [Mood::Down, Mood::Refuses, Mood::Confused, Mood::Garbage] {
        authority.set_mood(mood);
        assert!(audit::watch_stamps(&bed.app).await.is_err(), "{mood:?}");
    }
    assert_eq!(verified(&bed).await, Ok(2));
    authority.set_mood(Mood::Well);
    assert!(audit::watch_stamps(&bed.app).await.unwrap());
    assert_eq!(verified(&bed).await, Ok(3));
    bed.ledger_verifies().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "OpenSSL is asked as an auditor asks it")]
async fn a_bent_time_stamp_is_named_and_an_export_is_checked_without_us() {
    let (bed, _authority, place) = stamping().await;
    happens(&bed).await;
    assert!(audit::watch_stamps(&bed.app).await.unwrap());
    let folder = place.path().join("export");
    let mut tx = bed.app.db.read().await.unwrap();
    audit::export(&mut tx, &folder, &bed.app.signer.vkey()).await.unwrap();
    drop(tx);
    let pem = fs_err::read_to_string(place.path().join("root.pem")).unwrap();
    let roots = ledger::stamp::Roots::pem(&pem).unwrap();
    assert_eq!(ledger::export::verify_stamps(&folder, Some(&roots)).unwrap(), 1);
    let stranger = ledger::stamp::Roots::pem(&Authority::new(|| jiff::Timestamp::UNIX_EPOCH).unwrap().root()).unwrap();
    let said = ledger::export::verify_stamps(&folder, Some(&stranger)).unwrap_err().to_string();
    assert!(said.contains(".tsr: its certificate does not lead to a trusted root"), "{said}");
    // OpenSSL says the same of it, where it is installed: what an auditor is told to run.
    let stamp = fs_err::read_dir(folder.join("stamps")).unwrap().next().unwrap().unwrap().path().with_extension("tsr");
    let openssl = Path::new("/usr/bin/openssl");
    if openssl.exists() {
        let mut asked = std::process::Command::new(openssl);
        asked.args(["ts", "-verify", "-in"]).arg(&stamp).arg("-data").arg(stamp.with_extension("txt"));
        let said = asked.arg("-CAfile").arg(place.path().join("root.pem")).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
    // A text that is no checkpoint of ours, and a stamp that was bent.
    let text = fs_err::read_to_string(stamp.with_extension("txt")).unwrap();
    fs_err::write(stamp.with_extension("txt"), format!("{text}x\n")).unwrap();
    assert!(ledger::export::verify_stamps(&folder, None).unwrap_err().to_string().contains("stamps something else"));
    let mut tx = bed.app.db.write().await.unwrap();
    let kept = audit::kept_stamps(&mut tx).await.unwrap().remove(0);
    let mut bent = kept.response;
    *bent.last_mut().unwrap() ^= 1;
    tx.execute("UPDATE time_stamps SET response = $1", &[bent.into()]).await.unwrap();
    tx.commit(Recorded::unrecorded("a test bends it")).await.unwrap();
    let said = verified(&bed).await.unwrap_err();
    assert!(said.contains(&format!("over {} entries does not hold", kept.size)), "{said}");
}

#[tokio::test]
async fn a_demo_asks_no_real_authority() {
    let bed = Bed::new().await;
    let mut settings = bed.settings.clone();
    settings.time_stamps.authority = "https://tsa.example/tsr".to_owned();
    let said = open(settings, &bed.clock).await.err().unwrap().to_string();
    assert!(said.contains("time_stamps.authority"), "{said}");
}
