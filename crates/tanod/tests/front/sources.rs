//! Where lists come from, and how far the installation is with each.

use axum::body::Body;
use serde_json::json;
use tanod::accounts::{Role, Scope};

use super::bed::*;

#[tokio::test]
async fn a_state_is_said_by_who_keeps_the_lists_and_is_on_record() {
    let bed = Bed::new().await;
    let (admin, auditor) = (bed.person(Role::Admin).await, bed.person(Role::Auditor).await);
    let state = async |token: &str| {
        let rows = bed.get("/v1/sources", token).await.ok()["rows"].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["name"] == "iwf-hash-list").unwrap().clone();
        assert!(row["cost"].as_str().unwrap().contains("fee") && row["takes"] == "unknown");
        row["state"].clone()
    };
    assert_eq!(state(&auditor).await, "none");
    let said = bed.call("PUT", "/v1/sources/iwf-hash-list", &admin, &json!({"state": "applied"})).await.ok();
    assert_eq!(
        (&said["state"], &said["title"]),
        (&json!("applied"), &json!("Internet Watch Foundation, image hash list"))
    );
    assert_eq!(state(&auditor).await, "applied");
    bed.call("PUT", "/v1/sources/iwf-hash-list", &admin, &json!({"state": "on"})).await.ok();
    assert_eq!(state(&bed.key(&[Scope::BanksRead]).await).await, "on");
    let put = async |name: &str, token: &str, body| {
        bed.call("PUT", &format!("/v1/sources/{name}"), token, &body).await.slug()
    };
    assert_eq!(put("nobody", &admin, json!({"state": "on"})).await, "unknown-source");
    assert_eq!(put("lantern", &admin, json!({"state": "perhaps"})).await, "bad-body");
    assert_eq!(put("lantern", &auditor, json!({"state": "on"})).await, "not-allowed");
    let record = bed.get("/v1/audit", &auditor).await.ok();
    let changes = record["rows"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "source.changed");
    assert_eq!(changes.count(), 2);
    bed.ledger_verifies().await;
}

#[tokio::test]
async fn the_page_shows_sources_to_who_may_and_a_form_to_who_keeps_them() {
    let bed = Bed::new().await;
    for (role, may_read, may_change) in [
        (Role::Admin, true, true),
        (Role::Lead, true, false),
        (Role::Auditor, true, false),
        (Role::Reviewer, false, false),
    ] {
        let token = bed.person(role).await;
        let cookie = format!("{}={token}", tanod::web::COOKIE);
        let get = Bed::request("GET", "/console/sources", "").header("cookie", &cookie);
        let page = bed.send(get.body(Body::empty()).unwrap()).await;
        let text = String::from_utf8(page.bytes).unwrap();
        assert_eq!(page.status.as_u16(), if may_read { 200 } else { 403 }, "{role:?}");
        assert_eq!(text.contains("Project Arachnid Shield"), may_read, "{role:?}");
        assert_eq!(text.contains("name=\"state\""), may_change, "{role:?}");
        let form = Bed::request("POST", "/console/sources/lantern", "").header("cookie", &cookie);
        let form = form.header("sec-fetch-site", "same-origin").body(Body::from("state=waiting"));
        let said = bed.send(form.unwrap()).await;
        assert_eq!(said.status.as_u16(), if may_change { 303 } else { 403 }, "{role:?}");
    }
    let lead = bed.person(Role::Lead).await;
    let rows = bed.get("/v1/sources", &lead).await.ok();
    assert!(rows["rows"].as_array().unwrap().iter().any(|row| row["name"] == "lantern" && row["state"] == "waiting"));
}
