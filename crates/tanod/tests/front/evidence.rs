//! Sealed at intake, held by law, and on a record that nobody can bend.

use tanod::accounts::Role;

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
