//! The console's pages: what a person does there is what the API does, and what it would do is said first.

use serde_json::{Value, json};
use tanod::accounts::Role;

use super::bed::*;
use super::cases::{decide, lease, matched, report, state};

#[tokio::test]
async fn one_file_is_decided_for_every_account_that_has_nothing_else() {
    let bed = Bed::new().await;
    let media = known(&bed, 1).await;
    let (first, _) = matched(&bed, &media, "a").await;
    matched(&bed, &media, "b").await;
    let (more, _) = matched(&bed, &media, "c").await;
    matched(&bed, &known(&bed, 2).await, "c").await;
    let (lead, second) = (bed.person(Role::Lead).await, bed.person(Role::Lead).await);
    let sha256 = fingerprint::Digests::of(&media).sha256_hex();
    let here = format!("/console/files/{sha256}");
    let case = bed.console(&format!("/console/cases/{first}"), &lead, &[]).await.1;
    assert!(case.contains(&format!("href=\"{here}\">in 2 other cases")), "{case}");
    let page = bed.console(&here, &lead, &[]).await.1;
    assert!(page.contains("One file, 3 accounts") && page.contains("Decide for 2 at once"), "{page}");
    assert!(page.contains("no: there is more in its case"));

    // Said back first, and nothing is written by it; a reason that says nothing is refused where one stands.
    let harmless = [("outcome", "no_violation"), ("reason", "A harmless drawing of a house.")];
    let (status, back) = bed.console(&format!("{here}/decisions"), &lead, &harmless).await;
    assert!(status == 200 && back.contains("for 2 accounts at once") && back.contains("1 more are left out"), "{back}");
    assert!(back.contains("A second person must approve"));
    let short = bed.console(&format!("{here}/decisions"), &lead, &[("outcome", "report"), ("reason", "x")]).await;
    assert!(short.0 == 422 && short.1.contains("A decision needs its reason"));
    let vague = bed
        .console(&format!("{here}/decisions"), &lead, &[("outcome", "cannot_tell"), ("reason", "not sure at all")])
        .await;
    assert_eq!(vague.0, 409);
    assert_eq!(state(&bed, &lead, &first).await, "open");

    let sure = [harmless.as_slice(), &[("sure", "yes")]].concat();
    assert_eq!(bed.console(&format!("{here}/decisions"), &lead, &sure).await.0, 303);
    let page = bed.console(&here, &second, &[]).await.1;
    assert!(page.contains("2 decisions on this file wait"), "{page}");
    let yes = [("approve", "yes"), ("reason", "I looked, and I agree.")];
    let own = bed.console(&format!("{here}/approvals"), &lead, &yes).await;
    assert!(own.0 == 403 && own.1.contains("must come from another person"));
    assert_eq!(bed.console(&format!("{here}/approvals"), &second, &yes).await.0, 303);
    assert_eq!(
        (state(&bed, &lead, &first).await, state(&bed, &lead, &more).await),
        ("dismissed".into(), "open".into())
    );
    let page = bed.console(&here, &lead, &[]).await.1;
    assert!(page.contains("One file, 1 account") && !page.contains("at once</h2>"));
    assert_eq!(bed.console("/console/files/00", &lead, &[]).await.0, 404);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn a_list_is_set_aside_after_it_is_said_what_that_touches() {
    let bed = Bed::new().await;
    let media = jpeg(&picture(1, 320, 240), 90);
    let bad = bed.bank("csam", &[("sha256", fingerprint::Digests::of(&media).sha256_hex())]).await;
    let lead = bed.person(Role::Lead).await;
    let (case, _) = matched(&bed, &media, "u").await;
    lease(&bed, &lead, &case).await;
    decide(&bed, &lead, &case, &report(&[])).await.ok();
    bed.work(0).await;
    let (reviewer, auditor) = (bed.person(Role::Reviewer).await, bed.person(Role::Auditor).await);
    assert_eq!(bed.console("/console/banks", &reviewer, &[]).await.0, 403);
    let seen = bed.console("/console/banks", &auditor, &[]).await.1;
    assert!(seen.contains("abuse material") && !seen.contains("quarantine"));
    let here = format!("/console/banks/{bad}/quarantine");
    assert!(bed.console("/console/banks", &lead, &[]).await.1.contains(&here));
    assert_eq!(bed.console(&here, &reviewer, &[]).await.0, 403);
    let page = bed.console(&here, &lead, &[]).await.1;
    for said in ["One case rests on it alone", "One report that rests on it is filed", "every upload will be unscanned"]
    {
        assert!(page.contains(said), "{page}");
    }
    let touches = bed.get(&format!("/v1/banks/{bad}/quarantine"), &lead).await.ok();
    assert_eq!(
        (&touches["reopened"], &touches["filed"], &touches["lists_left"]),
        (&json!([case]), &json!(1), &json!(0))
    );
    assert_eq!(state(&bed, &lead, &case).await, "reported");
    assert_eq!(bed.console(&here, &lead, &[("reason", "bad")]).await.0, 422);
    assert_eq!(bed.console(&here, &lead, &[("reason", "Its source says that files were mixed up.")]).await.0, 303);
    assert_eq!(state(&bed, &lead, &case).await, "open");
    assert!(bed.console("/console/banks", &lead, &[]).await.1.contains("set aside: it matches nothing"));
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn priority_and_people_are_set_on_the_page() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    let here = format!("/console/cases/{case}");
    let form = async |to: &str, fields: &[(&str, &str)]| bed.console(&format!("{here}/{to}"), &reviewer, fields).await;
    let shown = async || -> Value { bed.get(&format!("/v1/cases/{case}"), &reviewer).await.ok() };
    assert_eq!(form("priority", &[("priority", "P1"), ("reason", "short")]).await.0, 422);
    assert_eq!(form("priority", &[("priority", "P9"), ("reason", "long enough a reason")]).await.0, 422);
    assert_eq!(form("priority", &[("priority", "P1"), ("reason", "An adult lives with the child.")]).await.0, 303);
    assert_eq!(shown().await["priority"], "P1");
    let page = bed.console(&here, &reviewer, &[]).await.1;
    assert!(page.contains("Set another priority") && !page.contains("Add somebody"), "people need the lease");
    // Not before it is taken.
    assert_eq!(form("involved", &[("account", "v"), ("role", "recipient")]).await.0, 409);
    lease(&bed, &reviewer, &case).await;
    let page = bed.console(&here, &reviewer, &[]).await.1;
    assert!(page.contains("Add somebody") && page.contains("Say who <bdi>u</bdi> is"));
    assert_eq!(form("involved", &[("account", "v"), ("role", "nobody")]).await.0, 422);
    assert_eq!(form("involved", &[("account", "v"), ("role", "recipient")]).await.0, 303);
    // Said once more, the same account is not there twice.
    assert_eq!(form("involved", &[("account", "v"), ("role", "victim"), ("likely_minor", "yes")]).await.0, 303);
    assert_eq!(form("involved", &[("account", ""), ("role", "victim")]).await.0, 303);
    let people = shown().await["involved"].clone();
    let of =
        |account: Value| people.as_array().unwrap().iter().filter(|one| one["account"] == account).collect::<Vec<_>>();
    assert_eq!((people.as_array().unwrap().len(), of(json!("v")).len(), of(json!(null)).len()), (3, 1, 1));
    assert_eq!((&of(json!("v"))[0]["role"], &of(json!("v"))[0]["likely_minor"]), (&json!("victim"), &json!(true)));
    let u = format!("involved/{}", of(json!("u"))[0]["id"].as_str().unwrap());
    assert_eq!(form(&u, &[("role", "suspect"), ("hijacked", "yes")]).await.0, 303);
    assert_eq!(form(&u, &[("role", "")]).await.0, 422);
    let u = shown().await["involved"].as_array().unwrap().iter().find(|one| one["account"] == "u").unwrap().clone();
    assert_eq!((&u["role"], &u["hijacked"], &u["likely_minor"]), (&json!("suspect"), &json!(true), &json!(false)));
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn the_alarm_is_one_press_and_a_key_that_bounces_is_one_alarm() {
    let bed = Bed::new().await;
    let (case, _) = matched(&bed, &known(&bed, 1).await, "u").await;
    let reviewer = bed.person(Role::Reviewer).await;
    let here = format!("/console/cases/{case}");
    let page = bed.console(&here, &reviewer, &[]).await.1;
    // In sight without opening anything, with its key; the words are the only thing that is folded away.
    let (before, _) = page.split_once("<button class=\"urgent\" data-key=\"F8\" aria-keyshortcuts=\"F8\">").unwrap();
    assert_eq!(before.matches("<details").count(), before.matches("</details>").count());
    for _ in 0..2 {
        assert_eq!(bed.console(&format!("{here}/danger"), &reviewer, &[("reason", " ")]).await.0, 303);
    }
    let words = [("reason", "She says that he is on his way.")];
    assert_eq!(bed.console(&format!("{here}/danger"), &reviewer, &words).await.0, 303);
    bed.work(0).await;
    // Whoever has more to say is heard again.
    let shown = bed.get(&format!("/v1/cases/{case}"), &reviewer).await.ok();
    assert_eq!((shown["decisions"].as_array().unwrap().len(), &shown["priority"]), (2, &json!("P0")));
    assert_eq!(bed.sim.finished().len(), 2);
    assert!(!bed.console(&here, &reviewer, &[]).await.1.contains("data-key=\"F8\""));
    bed.ledger_verifies().await;
}

/// Whom to call: by the account's country before the operator's, and by the child's before both, where somebody knows it.
#[tokio::test]
async fn the_numbers_are_those_of_the_childs_country_then_the_accounts() {
    let bed = Bed::with(|settings, _| settings.operator.country = "US".into()).await;
    let (media, key) = (known(&bed, 1).await, bed.key(&[tanod::accounts::Scope::ItemsWrite]).await);
    let mut said = facts("a", "u");
    said["account"]["country"] = json!("Philippines");
    assert_eq!(bed.upload(&key, &said, &media).await.slug(), "bad-item");
    said["account"]["country"] = json!("ph");
    let case = bed.upload(&key, &said, &media).await.ok()["case"].as_str().unwrap().to_owned();
    let reviewer = bed.person(Role::Reviewer).await;
    let here = format!("/console/cases/{case}");
    assert_eq!(bed.console(&format!("{here}/danger"), &reviewer, &[("reason", "")]).await.0, 303);
    let first = async |place: &str| {
        let rows = bed.get(&format!("/v1/numbers?{place}"), &reviewer).await.ok()["rows"].clone();
        let text = |field: &str| rows[0][field].as_str().unwrap().to_owned();
        format!("<strong>{}</strong> <bdi>{}</bdi>", text("name"), text("number"))
    };
    let (ours, theirs, childs) = (first("").await, first("account=ph").await, first("child=gb").await);
    assert!(ours != theirs && theirs != childs);
    for (page, order) in
        [(here.clone(), [&theirs, &ours].as_slice()), (format!("{here}?child=gb"), &[&childs, &theirs, &ours])]
    {
        let page = bed.console(&page, &reviewer, &[]).await.1;
        let places: Vec<usize> = order.iter().map(|name| page.find(name.as_str()).unwrap()).collect();
        assert!(places.is_sorted(), "{order:?}: {places:?}");
    }
}
