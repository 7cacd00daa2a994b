//! The simulator over real HTTP, and its checks against recorded facts.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that meets the unexpected fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use sim::ncmec::{Endpoint, Misbehaviour, Settings, Simulator, State, Statuses};

const START: i64 = 1_790_000_000;

struct Bed {
    sim: Simulator,
    base: String,
    http: reqwest::Client,
    clock: Arc<AtomicI64>,
    _server: tokio::task::JoinSet<()>,
}

impl Bed {
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let hand = Arc::clone(&clock);
        let time = move || Timestamp::from_second(hand.load(Ordering::SeqCst)).unwrap();
        let mut settings = Settings::new("u", "p", Arc::new(time));
        change(&mut settings);
        let sim = Simulator::new(settings).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/ispws", listener.local_addr().unwrap());
        let mut server = tokio::task::JoinSet::new();
        let serving = sim.clone();
        server.spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sim, base, http, clock, _server: server }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let response = request.basic_auth("u", Some("p")).send().await.unwrap();
        assert!(response.headers().contains_key("request-id"));
        (response.status().as_u16(), response.text().await.unwrap())
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}/{path}", self.base))
    }

    async fn xml(&self, path: &str, xml: impl Into<String>) -> (u16, String) {
        self.send(self.post(path).header("content-type", "text/xml; charset=utf-8").body(xml.into())).await
    }

    async fn form(&self, path: &str, id: &str) -> (u16, String) {
        self.send(self.post(path).multipart(Form::new().text("id", id.to_owned()))).await
    }

    async fn upload(&self, id: &str) -> (u16, String) {
        // The file first: the order of the parts is nobody's business.
        let form =
            Form::new().part("file", Part::bytes(b"abc".as_slice()).file_name("a.jpg")).text("id", id.to_owned());
        self.send(self.post("upload").multipart(form)).await
    }
}

fn between<'a>(text: &'a str, name: &str) -> &'a str {
    let start = text.find(&format!("<{name}>")).unwrap() + name.len() + 2;
    &text[start..text.find(&format!("</{name}>")).unwrap()]
}

fn minimal() -> String {
    "<report><incidentSummary><incidentType>Child Sex Tourism</incidentType><incidentDateTime>2026-01-01T00:00:00Z\
     </incidentDateTime></incidentSummary><reporter><reportingPerson><email>s@p.example</email></reportingPerson>\
     </reporter></report>"
        .to_owned()
}

#[tokio::test]
async fn a_report_goes_its_way() {
    let bed = Bed::new(|_| {}).await;
    let (status, body) = bed.send(bed.http.get(format!("{}/status", bed.base))).await;
    assert!(status == 200 && body.contains("Remote User : u, Remote Ip : 127.0.0.1") && !body.contains("reportId"));
    let (status, body) = bed.xml("submit", minimal()).await;
    assert_eq!((status, between(&body, "reportId")), (200, "4000001"));
    let (status, body) = bed.upload("4000001").await;
    assert_eq!((status, between(&body, "hash")), (200, "900150983cd24fb0d6963f7d28e17f72"));
    let file = between(&body, "fileId").to_owned();
    let info = format!(
        "<fileDetails><reportId>4000001</reportId><fileId>{file}</fileId><fileViewedByEsp>true</fileViewedByEsp></fileDetails>"
    );
    assert_eq!(bed.xml("fileinfo", &info).await.0, 200);
    assert!(bed.xml("fileinfo", &info).await.1.contains("<responseCode>4100<"));
    let (status, body) = bed
        .send(bed.post("finish").header("content-type", "application/x-www-form-urlencoded").body("id=4000001"))
        .await;
    assert_eq!((status, between(&body, "files").to_owned()), (200, format!("<fileId>{file}</fileId>")));
    assert_eq!(bed.form("finish", "4000001").await.0, 409);
    assert!(bed.upload("4000001").await.1.contains("<responseCode>5102<"));
    assert!(bed.form("retract", "9").await.1.contains("<responseCode>5001<"));
    let finished = bed.sim.finished();
    assert_eq!(
        (finished.len(), finished[0].files.len(), finished[0].files[0].details.as_deref()),
        (1, 1, Some(info.as_str()))
    );
    let seen = bed.http.get(bed.base.replace("ispws", "sim/reports")).send().await.unwrap().text().await.unwrap();
    assert!(seen.contains("\"finished\""));
}

#[tokio::test]
async fn strangers_and_the_unpermitted_are_refused() {
    let bed = Bed::new(|settings| settings.may_submit = false).await;
    let nobody = bed.post("submit").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    assert!(nobody.headers().contains_key("request-id") && nobody.text().await.unwrap().is_empty());
    let (status, body) = bed.xml("submit", minimal()).await;
    assert!(status == 403 && body.contains("<responseCode>3100<"));
    let legacy = Bed::new(|settings| settings.statuses = Statuses::Legacy200).await;
    assert_eq!(legacy.xml("submit", "<report>").await.0, 200);
    assert_eq!(legacy.form("finish", "77").await.0, 200);
}

#[tokio::test]
async fn unfinished_reports_expire_at_the_later_of_two_times() {
    let bed = Bed::new(|_| {}).await;
    let hours = |n: i64| bed.clock.store(START + n * 3_600, Ordering::SeqCst);
    bed.xml("submit", minimal()).await;
    hours(23);
    assert_eq!(bed.upload("4000001").await.0, 200);
    bed.clock.store(START + 24 * 3_600 - 60, Ordering::SeqCst);
    assert_eq!(bed.sim.reports()[0].state, State::Open);
    hours(24);
    assert!(bed.form("finish", "4000001").await.1.contains("<responseCode>5001<"));
    assert_eq!(bed.sim.reports()[0].state, State::Expired);
    bed.xml("submit", minimal()).await;
    assert_eq!(bed.form("retract", "4000002").await.0, 200);
    assert!(bed.form("retract", "4000002").await.1.contains("<responseCode>5101<"));
}

#[tokio::test]
async fn every_misbehaviour_happens_once() {
    let bed = Bed::new(|_| {}).await;
    let submit = || bed.post("submit").basic_auth("u", Some("p")).header("content-type", "text/xml").body(minimal());
    bed.sim.misbehave(Endpoint::Submit, Misbehaviour::CutBeforeActing);
    assert!(submit().send().await.is_err());
    assert!(bed.sim.reports().is_empty());
    bed.sim.misbehave(Endpoint::Submit, Misbehaviour::CutAfterActing);
    assert!(submit().send().await.is_err());
    assert_eq!(bed.sim.reports().len(), 1);
    for (how, status) in [
        (Misbehaviour::Html500, 500),
        (Misbehaviour::Unauthorized, 401),
        (Misbehaviour::ZeroWith500, 500),
        (Misbehaviour::Code(9_999), 500),
        (Misbehaviour::TooManyRequests, 429),
        (Misbehaviour::ExtraElements, 200),
        (Misbehaviour::Slow(std::time::Duration::from_millis(5)), 200),
    ] {
        bed.sim.misbehave(Endpoint::Submit, how);
        assert_eq!(submit().send().await.unwrap().status().as_u16(), status, "{how:?}");
    }
    assert_eq!(submit().send().await.unwrap().status(), 200);
    bed.sim.misbehave(Endpoint::Upload, Misbehaviour::WrongMd5);
    assert_eq!(between(&bed.upload("4000001").await.1, "hash"), "0".repeat(32));
    bed.sim.misbehave(Endpoint::Finish, Misbehaviour::ExpireNow);
    assert!(bed.form("finish", "4000001").await.1.contains("<responseCode>5001<"));
}

/// What is one account's does not exist to another; a schema is served where there is one.
#[tokio::test]
async fn accounts_are_kept_apart_and_the_schema_is_served() {
    let bed = Bed::new(|settings| {
        settings.another = Some(("other".to_owned(), "word".to_owned()));
        settings.xsd = Some(b"<xs:schema/>".to_vec());
        settings.fileinfo_names_file = true;
    })
    .await;
    bed.xml("submit", minimal()).await;
    let foreign = bed.http.post(format!("{}/finish", bed.base)).basic_auth("other", Some("word"));
    let answer = foreign.multipart(Form::new().text("id", "4000001")).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("<responseCode>5001<"));
    assert_eq!(bed.send(bed.http.get(format!("{}/xsd", bed.base))).await, (200, "<xs:schema/>".to_owned()));
    let (_, body) = bed.upload("4000001").await;
    let file = between(&body, "fileId").to_owned();
    let info = format!("<fileDetails><reportId>4000001</reportId><fileId>{file}</fileId></fileDetails>");
    assert_eq!(between(&bed.xml("fileinfo", info).await.1, "fileId"), file);
    assert_eq!(bed.sim.reports()[0].owner, "u");
}

/// An error may come under either root, and a request may arrive twice.
#[tokio::test]
async fn errors_under_the_other_root_and_double_delivery() {
    let bed = Bed::new(|_| {}).await;
    bed.sim.misbehave(Endpoint::Submit, Misbehaviour::Twice);
    let marked = minimal().replace("</report>", "<additionalInfo>Our case number 7. More.</additionalInfo></report>");
    let (_, body) = bed.xml("submit", marked).await;
    assert_eq!(between(&body, "reportId"), "4000002");
    assert_eq!(bed.sim.reports()[0].word_after("case number"), Some("7"));
    bed.sim.misbehave(Endpoint::Finish, Misbehaviour::DoneWithError(1_000));
    let (status, body) = bed.form("finish", "4000001").await;
    assert!(status == 500 && body.contains("<responseCode>1000<") && !body.contains("responseDescription"));
    bed.sim.misbehave(Endpoint::Finish, Misbehaviour::Twice);
    let (_, body) = bed.form("finish", "4000001").await;
    assert!(body.contains("<responseCode>5102<") && bed.sim.finished().len() == 1);
}

#[tokio::test]
async fn a_journal_carries_over() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("sim.ndjson");
    let keep = |settings: &mut Settings| settings.journal = Some(journal.clone());
    let bed = Bed::new(keep).await;
    bed.xml("submit", minimal()).await;
    bed.upload("4000001").await;
    bed.form("finish", "4000001").await;
    let before = bed.sim.reports();
    let again = Bed::new(keep).await;
    assert_eq!(again.sim.reports(), before);
    assert_eq!(between(&again.xml("submit", minimal()).await.1, "reportId"), "4000002");
}

#[tokio::test]
async fn complaints_say_where_and_what() {
    let bed = Bed::new(|_| {}).await;
    let twice = "<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent>".repeat(2);
    let (status, body) = bed
        .xml("fileinfo", format!("<fileDetails><reportId>1</reportId>\n<fileId>a</fileId>{twice}</fileDetails>"))
        .await;
    assert_eq!(status, 400);
    assert!(
        body.contains(
            "[1,1] - cvc-complex-type.2.4.a: Invalid content was found starting with element 'ipCaptureEvent'."
        ),
        "{body}"
    );
    let (_, body) = bed.xml("submit", minimal().replace("<email>s@p.example</email>", "<age>old</age>")).await;
    assert!(body.contains("cvc-datatype-valid.1.2.1") && body.contains("reportingPerson needs an email"), "{body}");
    let (_, body) = bed.xml("submit", "<report><incidentSummary/></report>").await;
    assert!(body.contains("cvc-complex-type.2.4.b: The content of element 'report' is not complete."), "{body}");
    assert!(bed.xml("submit", "<report").await.1.contains("<responseCode>4110<"));
    assert!(bed.xml("submit", "<!DOCTYPE report><report/>").await.1.contains("<responseCode>4110<"));
}

/// A batched report takes one file that is viral or a meme, and little is said about it.
#[tokio::test]
async fn a_batched_report_has_its_own_rules() {
    let bed = Bed::new(|_| {}).await;
    let batched = minimal()
        .replace("<report>", "<report><batchedReport reason=\"VIRAL_POTENTIAL_MEME\"/>")
        .replace("</report>", "<personOrUserReported><espIdentifier>1</espIdentifier></personOrUserReported><personOrUserReported><espIdentifier>2</espIdentifier></personOrUserReported></report>");
    let (status, body) = bed.xml("submit", batched).await;
    assert_eq!(status, 200, "{body}");
    assert!(bed.form("finish", "4000001").await.1.contains("<responseCode>4100<"));
    let (_, body) = bed.upload("4000001").await;
    let file = between(&body, "fileId").to_owned();
    let info =
        |more: &str| format!("<fileDetails><reportId>4000001</reportId><fileId>{file}</fileId>{more}</fileDetails>");
    assert_eq!(bed.xml("fileinfo", info("")).await.0, 400);
    assert_eq!(bed.xml("fileinfo", info("<fileAnnotations><viral/></fileAnnotations>")).await.0, 200);
    assert_eq!(bed.form("finish", "4000001").await.0, 200);
}

/// Verdicts of the real schema, from a file that the operator has: see CONTRIBUTING.md.
#[tokio::test]
#[ignore = "needs TANOD_TEST_SCHEMA_CASES, verdicts of a schema that is not ours to publish"]
#[expect(clippy::disallowed_methods, reason = "tests learn from the environment what lies at hand")]
async fn agrees_with_recorded_verdicts_of_the_real_schema() {
    let path = std::env::var("TANOD_TEST_SCHEMA_CASES").unwrap();
    let cases: serde_json::Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    let bed = Bed::new(|settings| settings.first_report = 1).await;
    let mut judged = 0;
    for case in cases.as_array().unwrap() {
        let xml = case["xml"].as_str().unwrap();
        if xml.contains("Response>") {
            continue;
        }
        let expected = case["xsd_valid"] == true && case["doc_rule_broken"].is_null();
        let path = if xml.contains("<fileDetails") { "fileinfo" } else { "submit" };
        let (_, body) = bed.xml(path, xml).await;
        // Details of files that were never uploaded are refused for that, which comes after every other check.
        let code = between(&body, "responseCode");
        assert_eq!(matches!(code, "0" | "5001" | "5002"), expected, "{}: {body}", case["name"]);
        judged += 1;
    }
    assert!(judged > 50);
}
