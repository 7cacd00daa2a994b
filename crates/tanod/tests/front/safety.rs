//! What somebody hostile tries at the console: a session chosen for another, a form of another site, a frame, a script in words.
//!
//! The addresses come from the sources themselves, so that a page that is added is tried too.

use std::fmt::Write as _;
use std::path::Path;

use axum::body::Body;
use serde_json::json;
use tanod::accounts::{Role, Scope};

use super::bed::*;
use super::cases::*;
use super::context::put;
use super::sessions::{PASSWORD, invited};

/// Every address of the console with its methods, as the sources write them.
fn addresses() -> Vec<(&'static str, String)> {
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut all = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs_err::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs_err::read_to_string(&path).unwrap_or_default();
        let routes = text.split(".route(").skip(1);
        for route in routes.filter_map(|route| route.trim_start().strip_prefix("\"/console")) {
            let (address, rest) = route.split_once('"').unwrap();
            let until = rest.find(".route(").into_iter().chain(rest.find("\n}")).min().unwrap_or(rest.len());
            let handlers = rest.split_at(until).0;
            for (method, word) in [("GET", "get("), ("POST", "post(")] {
                if handlers.contains(word) {
                    all.push((method, format!("/console{address}")));
                }
            }
        }
    }
    // An answer without an end, which the browser's walk reads.
    all.retain(|(_, address)| address != "/console/live");
    all.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    assert!(all.len() > 70, "{all:?}");
    all
}

/// The address with ids that nothing has.
fn filled(address: &str) -> String {
    let id = "00000000-0000-7000-8000-000000000000";
    let parts = address.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some("sha256") => "0".repeat(64),
        Some("source") => "ncmec_esp".to_owned(),
        Some("invitation") => "tanod_invitation_00".to_owned(),
        Some("process") => format!("legalprocess_{id}"),
        Some(kind) => format!("{kind}_{id}"),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(bed: &Bed, method: &str, address: &str, token: &str, headers: &[(&str, &str)]) -> Said {
    let mut request = Bed::request(method, address, "").header("host", "localhost:8080");
    if !token.is_empty() {
        request = request.header("cookie", format!("{}={token}", tanod::web::COOKIE));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    bed.send(request.body(Body::empty()).unwrap()).await
}

const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

#[tokio::test]
async fn a_session_chosen_for_somebody_is_never_theirs() {
    let bed = Bed::new().await;
    let (name, _) = invited(&bed, Role::Lead).await;
    let strangers = bed.person(Role::Auditor).await;
    let form = format!("name={name}&password={}&code=", PASSWORD.replace(' ', "+"));
    let set = |said: &Said| {
        let cookie = said.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/console"));
        cookie.split_once('=').unwrap().1.split_once(';').unwrap().0.to_owned()
    };
    let made_up = format!("tanod_session_{}", "ab".repeat(32));
    for planted in [made_up.as_str(), strangers.as_str()] {
        let request = Bed::request("POST", "/console/sign-in", "").header("sec-fetch-site", "same-origin");
        let request = request.header("cookie", format!("{}={planted}", tanod::web::COOKIE));
        let said = bed.send(request.body(Body::from(form.clone())).unwrap()).await;
        assert_eq!(said.status, 303);
        let own = set(&said);
        assert_ne!(own, planted);
        assert_eq!(ask(&bed, "GET", "/console/queue", &own, &[]).await.status, 200);
    }
    // What was planted opens what it opened before: nothing, or the stranger's own.
    assert_eq!(ask(&bed, "GET", "/console/queue", &made_up, &[]).await.headers["location"], "/console/sign-in");
    assert_eq!(ask(&bed, "GET", &filled("/console/cases/{case}"), &strangers, &[]).await.status, 403);
    // Two cookies of one name, as a neighbour on the same host could set: the session that is shown first counts, and no mixture.
    let own = bed.person(Role::Lead).await;
    let request = Bed::request("GET", "/console/queue", "");
    let both = format!("{0}={made_up}; {0}={own}", tanod::web::COOKIE);
    assert_eq!(bed.send(request.header("cookie", both).body(Body::empty()).unwrap()).await.status, 303);
}

#[tokio::test]
async fn no_form_of_another_site_and_no_frame_reaches_any_address() {
    let bed = Bed::new().await;
    let foreign: [&[(&str, &str)]; 7] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://elsewhere.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost:9090")],
    ];
    for (method, address) in addresses() {
        let path = filled(&address);
        let token = bed.person(Role::Lead).await;
        if method == "POST" {
            for headers in foreign {
                let said = ask(&bed, method, &path, &token, headers).await;
                let page = String::from_utf8_lossy(&said.bytes).into_owned();
                assert!(said.status == 403 && page.contains("other-site"), "{address} {headers:?}: {page}");
            }
            // The same from a page of ours gets past the door: what it then meets is something else.
            for headers in [OWN, &[("origin", "http://localhost:8080")]] {
                let said = ask(&bed, method, &path, &token, headers).await;
                assert!(!String::from_utf8_lossy(&said.bytes).contains("other-site"), "{address}");
            }
        }
        let said = ask(&bed, method, &path, &token, OWN).await;
        let header = |name: &str| said.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        assert_eq!(header("x-frame-options"), "DENY", "{address}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{address}");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{address}: {policy}");
        }
        assert!(header("access-control-allow-origin").is_empty(), "{address}");
        if header("content-type").starts_with("text/html") {
            assert_eq!(header("cache-control"), "no-store", "{address}");
        }
    }
}

#[tokio::test]
async fn who_may_see_which_page_and_press_which_button() {
    let bed = Bed::new().await;
    let mut table = String::from(
        "      page                                                           nobody reviewer lead admin auditor\n",
    );
    for (method, address) in addresses() {
        if address.starts_with("/console/assets/") {
            continue;
        }
        let path = filled(&address);
        write!(table, "{method:<5} {address:<62}").unwrap();
        for role in [None, Some(Role::Reviewer), Some(Role::Lead), Some(Role::Admin), Some(Role::Auditor)] {
            // A session for each, for some addresses end it.
            let token = match role {
                Some(role) => bed.person(role).await,
                None => String::new(),
            };
            let said = ask(&bed, method, &path, &token, OWN).await;
            let status = said.status.as_u16();
            assert!(status < 500 || status == 503, "{method} {address} as {role:?}: {status}");
            let in_the_way = status == 303 && said.headers["location"] == "/console/sign-in";
            write!(table, " {:<6}", if in_the_way { "-".to_owned() } else { status.to_string() }).unwrap();
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

/// A script in words, with a number by which it is found again.
struct Scripts(u32);

impl Scripts {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("\"'><script>alert({n})</script><img src=x onerror=alert({n})>", n = self.0)
    }
}

#[tokio::test]
async fn a_script_in_what_somebody_typed_is_words_on_every_page() {
    let bed = Bed::new().await;
    let mut scripts = Scripts(0);
    let mut script = || scripts.next();
    let (lead, admin) = (bed.person(Role::Lead).await, bed.person(Role::Admin).await);
    let media = known(&bed, 1).await;
    let key = bed.key(&[Scope::ItemsWrite]).await;
    let mut item = facts("content", "account");
    item["content_id"] = json!(script());
    item["account"] = json!({"id": script(), "screen_name": script()});
    item["file_name"] = json!(script());
    item["surface"] = json!(script());
    let said = bed.upload(&key, &item, &media).await.ok();
    let (case, upload) = (said["case"].as_str().unwrap().to_owned(), said["item"].as_str().unwrap().to_owned());
    let chat = json!({
        "account": {"id": item["account"]["id"], "screen_names": [script()]},
        "devices": [{"id": script(), "description": script()}],
        "thread": [{"sender": script(), "at": "2026-11-24T11:30:00Z", "text": script(), "content_ids": [script()]}],
        "related": [{"content_id": script(), "relation": "copy"}],
        "prior_reports": [{"authority": script(), "number": script()}],
    });
    put(&bed, &case, &chat).await.ok();
    let notice = json!({
        "kind": "user", "reason": "other", "words": script(), "thread": script(), "account": {"id": script()},
        "content_ids": [script()], "contact": script(), "reporter_account": script(),
    });
    bed.post("/v1/notices", &bed.key(&[Scope::NoticesWrite]).await, &notice).await.ok();
    let bank = json!({"name": script(), "kind": "csam", "licence": "own", "source": script()});
    let bank = bed.post("/v1/banks", &admin, &bank).await.ok()["id"].as_str().unwrap().to_owned();
    lease(&bed, &lead, &case).await;
    let involved = json!({"account": {"id": script()}, "role": "recipient"});
    bed.post(&format!("/v1/cases/{case}/involved"), &lead, &involved).await.ok();
    bed.post(&format!("/v1/cases/{case}/priority"), &lead, &json!({"priority": "P1", "reason": script()})).await.ok();
    let action = json!({"kind": "suspend", "reason": script()});
    bed.post(&format!("/v1/cases/{case}/actions"), &lead, &action).await.ok();
    let hold = json!({"basis": "us_2703_f", "authority": script(), "reference": script()});
    bed.post(&format!("/v1/cases/{case}/holds"), &lead, &hold).await.ok();
    let process = json!({
        "authority": "search_warrant", "recipient": "local_police", "agency": script(), "officer": script(),
        "reference": script(), "scope": script(), "due_at": "2026-12-04T12:00:00Z",
    });
    let process = bed.post("/v1/legal-processes", &lead, &process).await.ok()["id"].as_str().unwrap().to_owned();
    let decision = json!({"outcome": "report", "reason": script(), "incident_type": TYPE, "viewed_whole": []});
    decide(&bed, &lead, &case, &decision).await.ok();
    bed.work(0).await;
    let report = bed.get("/v1/reports", &lead).await.ok()["rows"][0]["id"].as_str().unwrap().to_owned();

    let digest = fingerprint::Digests::of(&media).sha256_hex();
    let sought = form_urlencoded::Serializer::new(String::new()).append_pair("q", &script()).finish();
    let mut pages: Vec<String> = addresses()
        .into_iter()
        .filter(|(method, address)| *method == "GET" && !address.contains('{') && !address.contains("/assets/"))
        .map(|(_, address)| address)
        .collect();
    pages.extend([
        format!("/console/cases/{case}"),
        format!("/console/cases/{case}?whole={upload}"),
        format!("/console/cases/{case}/context"),
        format!("/console/cases/{case}/actions"),
        format!("/console/cases/{case}/report"),
        format!("/console/cases/{case}/keeping"),
        format!("/console/files/{digest}"),
        format!("/console/banks/{bank}/quarantine"),
        format!("/console/legal/{process}"),
        format!("/console/reports/{report}"),
        format!("/console/queue?state=all&{sought}"),
        "/console/queue?state=all".to_owned(),
    ]);
    let mut seen = std::collections::BTreeSet::new();
    for address in &pages {
        for token in [&lead, &admin] {
            // The browser's own name is words of a stranger's too.
            let agent = "<script>alert(0)</script>";
            let said = ask(&bed, "GET", address, token, &[("user-agent", agent)]).await;
            let page = String::from_utf8_lossy(&said.bytes).into_owned();
            for live in ["<script>alert", "<img src=x", "onerror=alert(1)>"] {
                assert!(!page.contains(live), "{address}: {page}");
            }
            let shown = page.split("alert(").skip(1).filter_map(|rest| rest.split_once(')')?.0.parse::<u32>().ok());
            seen.extend(shown);
        }
    }
    let all = scripts.0;
    let unseen: Vec<u32> = (1..=all).filter(|n| !seen.contains(n)).collect();
    // The conversation of a notice, and the account that told it: words that no page shows yet.
    assert_eq!(unseen, [16, 20], "shown on no page, so nothing was tried, of {all}");
}
