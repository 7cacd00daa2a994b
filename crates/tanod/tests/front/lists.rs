//! Banks: import and export, and how quickly a change is known everywhere.

use axum::body::Body;
use axum::http::header;
use serde_json::json;
use tanod::accounts::{Role, Scope};

use super::bed::*;

#[tokio::test]
async fn an_import_takes_all_rows_or_none_and_says_what_is_wrong_with_each() {
    let bed = Bed::new().await;
    let bank = bed.bank("csam", &[]).await;
    let token = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let good = "ab".repeat(16);
    let send = async |kind: &str, body: String| {
        let request =
            Bed::request("POST", &format!("/v1/banks/{bank}/import"), &token).header(header::CONTENT_TYPE, kind);
        bed.send(request.body(Body::from(body)).unwrap()).await
    };
    let said =
        send("text/csv", format!("signal,value\nmd5,{good}\nmd5,xyz\nmd6,{good}\nmd5,{good}00\nmd5,{good},A1\n")).await;
    assert_eq!(said.slug(), "bad-rows");
    let rows = said.json()["rows"].clone();
    let numbers: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 5], "{rows}");
    let said = send("text/csv", format!("signal,value\nmd5,{good}\nmd5,{}\n", good.to_uppercase())).await;
    assert_eq!(said.json()["rows"][0]["row"], 2);
    for (kind, body) in [
        ("text/csv", "value\nx\n".to_owned()),
        ("application/x-ndjson", "{\"signal\":\"md5\"}\n".to_owned()),
        ("application/x-ndjson", format!("{{\"signal\":\"md5\",\"value\":\"{good}\",\"more\":1}}\n")),
        ("application/json", "{}".to_owned()),
    ] {
        assert_eq!(send(kind, body).await.slug(), "bad-rows", "{kind}");
    }
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM entries").await, 0);

    let line = json!({"signal": "md5", "value": good, "classification": "A1", "source": "s", "provenance": "p"});
    assert_eq!(send("application/x-ndjson", format!("{line}\n\n")).await.ok()["added"], 1);
    let said =
        send("text/csv", format!("signal,value,source\nmd5,{good},other\nsha1,{},x\n", "cd".repeat(20))).await.ok();
    assert_eq!((&said["added"], &said["renewed"]), (&json!(1), &json!(1)));
    let csv = bed.get(&format!("/v1/banks/{bank}/export"), &token).await;
    assert_eq!(String::from_utf8(csv.bytes).unwrap().lines().count(), 3);
    let ndjson = bed.get(&format!("/v1/banks/{bank}/export?format=ndjson"), &token).await;
    let again = send("application/x-ndjson", String::from_utf8(ndjson.bytes).unwrap()).await.ok();
    assert_eq!((&again["added"], &again["renewed"]), (&json!(0), &json!(2)));
    let entries = bed.get(&format!("/v1/banks/{bank}/entries"), &token).await.ok();
    assert_eq!(entries["rows"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_restricted_list_is_not_passed_on() {
    let bed = Bed::new().await;
    let token = bed.key(&[Scope::BanksWrite]).await;
    let bank = bed.post("/v1/banks", &token, &json!({"name": "theirs", "kind": "csam"})).await.ok();
    assert_eq!(bank["licence"], "restricted");
    let said = bed.get(&format!("/v1/banks/{}/export", bank["id"].as_str().unwrap()), &token).await;
    assert_eq!((said.status.as_u16(), said.slug().as_str()), (403, "export-refused"));
    let twice = bed.post("/v1/banks", &token, &json!({"name": "theirs", "kind": "csam"})).await;
    assert_eq!(twice.slug(), "bank-exists");
}

/// Every process that follows the feed knows a change within a second, and one that was away catches up.
#[tokio::test]
async fn a_change_reaches_every_process_within_a_second() {
    let bed = Bed::new().await;
    let bank = bed.bank("csam", &[("md5", "11".repeat(16))]).await;
    let neighbour = bed.neighbour().await;
    tanod::roles::run(&neighbour, tanod::roles::Role::Api, None).await.unwrap();
    let knows = |value: &str| {
        let print = tanod::banks::Signal::Md5.print(&hex::decode(value).unwrap()).unwrap();
        neighbour.lists.with(|lists| !lists.known(&[print]).concat().is_empty())
    };
    assert!(knows(&"11".repeat(16)) && !knows(&"22".repeat(16)));
    bed.import(&bank, &[("md5", "22".repeat(16))]).await.ok();
    let mut waited = 0;
    while !knows(&"22".repeat(16)) {
        waited += 20;
        // Five times what it takes: the machine may be busy with other tests.
        assert!(waited < 5_000, "the change did not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let token = bed.key(&[Scope::BanksWrite, Scope::MatchesDetail]).await;
    let entries = bed.get(&format!("/v1/banks/{bank}/entries"), &token).await.ok();
    let entry = entries["rows"][0]["id"].as_str().unwrap();
    let off = bed.call("PATCH", &format!("/v1/banks/{bank}/entries/{entry}"), &token, &json!({"enabled": false})).await;
    assert_eq!(off.status, 204);
    let value = entries["rows"][0]["value"].as_str().unwrap().to_owned();
    while knows(&value) {
        waited += 20;
        assert!(waited < 10_000, "the change did not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    neighbour.tasks.end().await;
}

/// The index on disk saves reading every entry at a start. It is believed only whole, and only by the database it was made
/// from.
#[tokio::test]
async fn an_index_on_disk_is_used_only_when_it_fits() {
    let bed = Bed::new().await;
    let bank = bed.bank("csam", &[("md5", "11".repeat(16)), ("pdq", "0f".repeat(32))]).await;
    bed.app.lists.keep().await.unwrap();
    let file = bed.data().join("lists.index");
    let whole = fs_err::read(&file).unwrap();
    let change = async |sql: &'static str| {
        let mut tx = bed.app.db.write().await.unwrap();
        assert!(tx.execute(sql, &[]).await.unwrap() > 0);
        tx.commit(tanod::store::Recorded::unrecorded("a test goes behind the program's back")).await.unwrap();
    };
    let knows = async |value: &str| {
        let neighbour = bed.neighbour().await;
        neighbour.lists.catch_up(&neighbour.db).await.unwrap();
        let print = tanod::banks::Signal::Md5.print(&hex::decode(value).unwrap()).unwrap();
        neighbour.lists.with(|lists| {
            lists.ready(bed.clock.now()).unwrap();
            !lists.known(&[print]).concat().is_empty()
        })
    };
    // Without its rows the entry is known to whoever believes the file, and to nobody else.
    change("DELETE FROM entries").await;
    assert!(knows(&"11".repeat(16)).await);
    // What came later is read from the feed, on top of the file.
    bed.import(&bank, &[("md5", "22".repeat(16))]).await.ok();
    assert!(knows(&"11".repeat(16)).await && knows(&"22".repeat(16)).await);
    for (what, bent) in [
        ("torn", whole[..whole.len() - 3].to_vec()),
        ("altered", {
            let mut bent = whole.clone();
            let middle = bent.len() / 2;
            bent[middle] ^= 1;
            bent
        }),
        ("empty", Vec::new()),
    ] {
        fs_err::write(&file, bent).unwrap();
        assert!(!knows(&"11".repeat(16)).await, "{what}");
        assert!(knows(&"22".repeat(16)).await, "{what}");
    }
    fs_err::write(&file, whole).unwrap();
    assert!(knows(&"11".repeat(16)).await);
    // The same number of the feed, and another history: a database that was restored.
    change("DELETE FROM feed").await;
    assert!(!knows(&"11".repeat(16)).await);
}

/// A bank says whether pictures are also compared turned, and without their borders; the answer says how one fitted.
#[tokio::test]
async fn a_bank_says_how_pictures_are_compared() {
    let bed = Bed::new().await;
    let original = sim::pictures::picture(1, 320, 240);
    let bank = bed.bank("csam", &[("pdq", bed.pdq(&png(&original)).await)]).await;
    let (key, admin) = (bed.key(&[Scope::ItemsWrite, Scope::MatchesDetail]).await, bed.key(&[Scope::BanksWrite]).await);
    let turned = png(&original.rotate90());
    // Black above and below.
    let (mut framed, inner) = (sim::pictures::Picture::new_rgb8(320, 400).into_rgb8(), original.to_rgb8().into_raw());
    framed.iter_mut().skip(80 * 320 * 3).zip(inner).for_each(|(byte, value)| *byte = value);
    let framed = png(&sim::pictures::Picture::ImageRgb8(framed));
    let send = async |name: &str, media: &[u8]| bed.upload(&key, &facts(name, "u"), media).await.ok();
    assert_eq!(send("a", &turned).await["verdict"], "no_match");
    assert_eq!(send("b", &framed).await["verdict"], "no_match");

    let change = json!({"turned": true, "trimmed": true});
    assert_eq!(bed.call("PATCH", &format!("/v1/banks/{bank}"), &admin, &change).await.ok()["turned"], true);
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let said = send("c", &turned).await;
    assert_eq!((&said["verdict"], &said["strength"]), (&json!("match"), &json!("near")));
    // What was turned to the right fits when it is turned to the left.
    assert_eq!(said["matches"][0]["orientation"], "rotated_270");
    let said = send("d", &framed).await;
    assert_eq!((&said["verdict"], &said["matches"][0]["trimmed"]), (&json!("match"), &json!(true)));
    assert_eq!(said["matches"][0]["orientation"], "upright");
    // What was kept with the upload says the same.
    let shown = bed.get(&format!("/v1/items/{}", said["item"].as_str().unwrap()), &key).await.ok();
    assert_eq!(shown["matches"], said["matches"]);

    // A minimum that this picture does not reach leaves its digest to be compared, and the answer says so.
    let change = json!({"least_quality": 100});
    bed.call("PATCH", &format!("/v1/banks/{bank}"), &admin, &change).await.ok();
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    let plain = jpeg(&sim::pictures::picture(1, 320, 240).blur(9.0), 60);
    let said = send("e", &plain).await;
    assert_eq!((&said["verdict"], &said["coverage"]), (&json!("no_match"), &json!("digest_only")));
    let wrong = bed.call("PATCH", &format!("/v1/banks/{bank}"), &admin, &json!({"least_quality": 101})).await;
    assert_eq!(wrong.slug(), "bad-bank");
}

#[tokio::test]
async fn a_preview_says_what_a_file_holds_and_stores_nothing() {
    let bed = Bed::new().await;
    let admin = bed.person(Role::Admin).await;
    let digest = |n: u8| hex::encode([n; 32]);
    let bank = bed.bank("csam", &[("sha256", digest(1)), ("sha256", digest(2))]).await;
    bed.bank("exception", &[("sha256", digest(3))]).await;
    let off = bed.get(&format!("/v1/banks/{bank}/entries"), &admin).await.ok()["rows"][0]["id"].clone();
    let off = format!("/v1/banks/{bank}/entries/{}", off.as_str().unwrap());
    bed.call("PATCH", &off, &admin, &json!({"enabled": false})).await.ok();
    let file = |rows: &[String]| format!("signal,value\n{}\n", rows.join("\n"));
    let mixed = file(&[
        format!("sha256,{}", digest(1)),
        format!("sha256,{}", digest(3)),
        format!("md5,{}", "ab".repeat(16)),
        format!("md5,{}", "AB".repeat(16)),
        "sha256,xyz".to_owned(),
    ]);
    let ask = async |path: &str, token: &str, body: &str| {
        let request = Bed::request("POST", path, token).header(header::CONTENT_TYPE, "text/csv");
        bed.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let entries = bed.count("SELECT COUNT(*) AS n FROM entries").await;
    let records = bed.count("SELECT COUNT(*) AS n FROM audit").await;
    let preview = format!("/v1/banks/{bank}/preview");
    let said = ask(&preview, &admin, &mixed).await.ok();
    let numbers = ["rows", "new", "known", "switched_off", "twice", "refused"].map(|name| said[name].as_u64().unwrap());
    assert_eq!(numbers, [5, 2, 1, 1, 1, 1], "{said}");
    assert_eq!(said["signals"], json!([{"signal": "md5", "rows": 1}, {"signal": "sha256", "rows": 2}]));
    let rows: Vec<_> = said["faults"].as_array().unwrap().iter().map(|fault| fault["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, [4, 5]);
    assert_eq!((&said["elsewhere"][0]["kind"], &said["elsewhere"][0]["rows"]), (&json!("exception"), &json!(1)));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM entries").await, entries);
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit").await, records);
    assert_eq!(ask(&preview, &bed.person(Role::Lead).await, &mixed).await.slug(), "not-allowed");

    // An import can be held to the file that was previewed.
    let good = file(&[format!("sha256,{}", digest(4))]);
    let said = ask(&preview, &admin, &good).await.ok();
    let import = format!("/v1/banks/{bank}/import?file={}", said["file"].as_str().unwrap());
    assert_eq!(ask(&import, &admin, &mixed).await.slug(), "another-file");
    assert_eq!(ask(&import, &admin, &good).await.ok()["added"], 1);
}

#[tokio::test]
async fn a_list_is_seen_and_tried_at_its_page_before_it_matches() {
    let bed = Bed::new().await;
    let (admin, lead) = (bed.person(Role::Admin).await, bed.person(Role::Lead).await);
    let key = bed.key(&[Scope::ItemsWrite]).await;
    // Nobody knows any of these; one of them makes a case, for another list knows its bytes.
    let (one, two, three) =
        (jpeg(&picture(1, 320, 240), 90), jpeg(&picture(1, 320, 240), 40), jpeg(&picture(2, 320, 240), 90));
    bed.bank("csam", &[("sha256", fingerprint::Digests::of(&two).sha256_hex())]).await;
    for (n, media) in [&one, &two, &three].into_iter().enumerate() {
        bed.upload(&key, &facts(&format!("c-{n}"), "a"), media).await.ok();
    }
    let fields = [("name", "hotline"), ("kind", "csam"), ("source", "a hotline"), ("licence", "restricted")];
    assert_eq!(bed.console("/console/banks", &lead, &fields).await.0, 403);
    assert_eq!(bed.console("/console/banks", &admin, &fields).await.0, 303);
    let bank = bed.get("/v1/banks/hotline", &admin).await.ok();
    assert_eq!(bank["enabled"], false, "a new list matches nothing");
    let place = format!("/console/banks/{}", bank["id"].as_str().unwrap());
    let csv = format!("signal,value\npdq,{}\n", bed.pdq(&one).await);
    let (status, page) = bed.console_parts(&format!("{place}/preview"), &admin, &[("file", csv.as_bytes())]).await;
    assert!(status == 200 && page.contains("An import takes every row."), "{page}");
    let previewed = page.split_once("name=\"previewed\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let send = async |file: &str| {
        let parts = [("file", file.as_bytes()), ("previewed", previewed.as_bytes())];
        bed.console_parts(&format!("{place}/import"), &admin, &parts).await
    };
    assert!(send("signal,value\n").await.1.contains("another-file"));
    assert_eq!(send(&csv).await.0, 303);

    // Tried while it is off: no picture, the case for whoever may read cases, and an entry in the record.
    let tried = bed.post(&format!("/v1/banks/{}/tries", bank["id"].as_str().unwrap()), &lead, &json!({})).await.ok();
    assert_eq!(
        (&tried["uploads"], &tried["found"], &tried["unknown"], &tried["threshold"]),
        (&json!(3), &json!(2), &json!(1), &json!(31))
    );
    assert_eq!(tried["distances"][0], json!({"distance": 0, "uploads": 1, "cases": 0}));
    assert_eq!((&tried["distances"][1]["uploads"], &tried["distances"][1]["cases"]), (&json!(1), &json!(1)));
    assert_eq!((&tried["named"][0]["content_id"], tried["named"][1]["number"].is_number()), (&json!("c-0"), true));
    assert!(tried["from"].is_string() && tried["older"] == false);
    let own = bed.post("/v1/banks/hotline/tries", &admin, &json!({"threshold": 0})).await.ok();
    assert_eq!((&own["found"], &own["named"][0]["case"]), (&json!(1), &serde_json::Value::Null));
    assert_eq!(bed.post("/v1/banks/hotline/tries", &admin, &json!({"threshold": 64})).await.slug(), "bad-bank");
    let page = bed.console(&format!("{place}/try"), &lead, &[("threshold", "31")]).await.1;
    assert!(page.contains("Within 31 bits 2 of the newest 3 uploads.") && page.contains("Case 1"), "{page}");
    assert!(!page.contains("<img"));
    assert_eq!(bed.count("SELECT COUNT(*) AS n FROM audit WHERE kind = 'bank.tried'").await, 3);
    let reviewer = bed.person(Role::Reviewer).await;
    assert_eq!(bed.post("/v1/banks/hotline/tries", &reviewer, &json!({})).await.slug(), "not-allowed");

    // Switched on with another reach.
    let on = [("act", "match"), ("threshold", "20")];
    assert_eq!(bed.console(&place, &lead, &on).await.0, 403);
    assert_eq!(bed.console(&place, &admin, &on).await.0, 303);
    let bank = bed.get("/v1/banks/hotline", &admin).await.ok();
    assert_eq!((&bank["enabled"], &bank["shadow"], &bank["threshold"]), (&json!(true), &json!(false), &json!(20)));
    bed.app.lists.catch_up(&bed.app.db).await.unwrap();
    assert_eq!(bed.upload(&key, &facts("c-4", "b"), &one).await.ok()["verdict"], "match");
    bed.ledger_verifies().await;
}
