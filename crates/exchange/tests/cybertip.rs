//! Documents as the destination would judge them, and what the client makes of the network.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::collections::BTreeSet;

use exchange::ncmec::document::*;
use exchange::ncmec::{CallError, Client, Credentials, Outcome, validate};
use jiff::Timestamp;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn report() -> Report {
    Report {
        summary: IncidentSummary {
            incident_type: IncidentType::AbuseMaterial,
            platform: Some("Example".to_owned()),
            escalate: None,
            annotations: BTreeSet::from([ReportAnnotation::Spam]),
            incident_at: "2026-10-01T10:00:00.25Z".parse().unwrap(),
            incident_at_means: Some("upload".to_owned()),
        },
        internet: vec![InternetDetails::WebPage(WebPage {
            urls: vec!["https://platform.example/p/1?a=1&b=2".to_owned()],
            additional_info: None,
            third_party_hosted: Some(false),
        })],
        reporter: Reporter {
            person: Person { emails: vec!["safety@platform.example".to_owned()], ..Person::default() },
            contact: None,
            company_template: Some("legal process to legal@platform.example".to_owned()),
            terms_of_service: None,
            legal_url: Some("https://platform.example/legal".to_owned()),
        },
        reported: Some(ReportedAccount {
            person: Some(Person { emails: vec!["u@mail.example".to_owned()], ..Person::default() }),
            esp_identifier: Some("u-1".to_owned()),
            esp_service: None,
            compromised: Some(true),
            screen_name: Some("u".to_owned()),
            display_names: vec!["U".to_owned()],
            profile_urls: vec!["https://platform.example/u".to_owned()],
            ip_events: vec![event()],
            prior_reports: vec![4_000_001],
            additional_info: None,
        }),
        recipients: vec![other("r-1")],
        victims: vec![other("v-1")],
        additional_info: Some("a <note> & more".to_owned()),
    }
}

fn other(id: &str) -> ReportedAccount {
    ReportedAccount { esp_identifier: Some(id.to_owned()), ..ReportedAccount::default() }
}

fn event() -> IpEvent {
    IpEvent {
        address: "2001:db8::7".parse().unwrap(),
        kind: Some(IpKind::Upload),
        at: Some("2026-10-01T10:00:00Z".parse().unwrap()),
        possible_proxy: Some(false),
        port: Some(50_123),
    }
}

fn file() -> FileDetails {
    FileDetails {
        report_id: 7,
        file_id: "0123456789abcdef0123456789abcdef".to_owned(),
        original_file_name: Some("a.jpg".to_owned()),
        uploaded_at: Some("2026-10-01T10:00:00Z".parse().unwrap()),
        location: Some("https://platform.example/f/1".to_owned()),
        viewed_by_esp: Some(true),
        exif_viewed_by_esp: Some(false),
        publicly_available: Some(true),
        relevance: Some(FileRelevance::Reported),
        annotations: BTreeSet::from([FileAnnotation::Viral]),
        industry_classification: Some(IndustryClassification::B2),
        original_hashes: vec![("MD5".to_owned(), "00".repeat(16)), ("SHA1".to_owned(), "00".repeat(20))],
        ip_event: Some(event()),
        hash_details: vec![("PDQ".to_owned(), "00".repeat(32))],
        additional_info: vec!["one".to_owned(), "two".to_owned()],
    }
}

#[test]
fn what_we_write_is_valid() {
    assert_eq!(validate(&report().to_xml().xml, now()), []);
    assert_eq!(validate(&file().to_xml().xml, now()), []);
}

#[test]
fn exif_is_never_viewed_in_a_file_that_was_not() {
    let details = FileDetails { viewed_by_esp: Some(false), exif_viewed_by_esp: Some(true), ..file() };
    assert!(!details.to_xml().xml.contains("exifViewedByEsp"));
}

/// Each line: what is wrong, the rule that must find it, and the change that makes it so.
#[test]
fn every_rule_finds_what_it_is_for() {
    let xml = report().to_xml().xml;
    let cases = [
        ("enumeration", "Child Pornography (possession", "Something else (possession"),
        ("missing", "<incidentDateTime>2026-10-01T10:00:00.25Z</incidentDateTime>", ""),
        ("past", "2026-10-01T10:00:00.25Z", "2027-10-01T10:00:00Z"),
        ("datetime", "2026-10-01T10:00:00.25Z", "2026-10-01T10:00:00"),
        ("flag", "<spam/>", "<spam>false</spam>"),
        ("flag", "<spam/>", "<spam>1</spam>"),
        ("element", "<spam/>", "<generativeAi/>"),
        ("cardinality", "<spam/>", "<spam/><spam/>"),
        (
            "order",
            "<platform>Example</platform><reportAnnotations><spam/></reportAnnotations>",
            "<reportAnnotations/><platform>E</platform>",
        ),
        ("choice", "<webPageIncident", "<chatImIncident/><webPageIncident"),
        ("url", "https://platform.example/p/1?a=1&amp;b=2", "https://platform.example/p 1"),
        ("url", "https://platform.example/p/1?a=1&amp;b=2", "platform.example"),
        ("boolean", "thirdPartyHostedContent=\"false\"", "thirdPartyHostedContent=\"no\""),
        ("attribute", "thirdPartyHostedContent=\"false\"", "hosted=\"false\""),
        ("email", "safety@platform.example", "safety"),
        ("reporter-email", "<email>safety@platform.example</email>", ""),
        ("ip", "2001:db8::7", "localhost"),
        ("range", "<port>50123</port>", "<port>70000</port>"),
        ("number", "<priorCTReports>4000001</priorCTReports>", "<priorCTReports>CT-1</priorCTReports>"),
        ("one-account", "</personOrUserReported>", "</personOrUserReported><personOrUserReported/>"),
        ("text", "<reporter>", "<reporter>hello"),
        ("xml", "</report>", ""),
        ("xml", "<report>", "<!DOCTYPE report><report>"),
        ("root", "report>", "raport>"),
        ("batched", "<report>", "<report><batchedReport reason=\"VIRAL_POTENTIAL_MEME\"/>"),
        ("blank", "</platform>", "</platform><escalateToHighPriority> </escalateToHighPriority>"),
        ("calling-code", "<email>u@mail.example</email>", "<phone countryCallingCode=\"+1\">+1 555</phone>"),
        (
            "verified",
            "<email>u@mail.example</email>",
            "<email verificationDate=\"2026-01-01T00:00:00Z\">u@mail.example</email>",
        ),
        ("pattern", "<email>u@mail.example</email>", "<phone countryCallingCode=\"1\">555</phone>"),
        (
            "incident-email",
            "<webPageIncident thirdPartyHostedContent=\"false\">",
            "<emailIncident><emailAddress>x@y.example</emailAddress></emailIncident><webPageIncident>",
        ),
        (
            "us-region",
            "</personOrUserReported>",
            "<additionalInfo>x</additionalInfo></personOrUserReported><victim><victimPerson/><estimatedLocation><city>A</city><countryCode>US</countryCode></estimatedLocation></victim>",
        ),
        (
            "age-or-birth",
            "</personOrUserReported>",
            "<associatedAccount type=\"Linked\"><approximateAge>3</approximateAge><dateOfBirth>2000-01-01</dateOfBirth></associatedAccount></personOrUserReported>",
        ),
        (
            "length",
            ">Example<",
            ">ExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExampleExample<",
        ),
    ];
    for (rule, from, to) in cases {
        let bent = xml.replace(from, to);
        assert_ne!(bent, xml, "{rule}: nothing was changed");
        let found = validate(&bent, now());
        assert!(found.iter().any(|finding| finding.rule == rule), "{rule}: {found:?}");
    }
    let xml = file().to_xml().xml;
    let cases = [
        (
            "exif-viewed",
            "<exifViewedByEsp>false",
            "<exifViewedByEsp>true",
            Some(("<fileViewedByEsp>true", "<fileViewedByEsp>false")),
        ),
        ("supplemental", "<fileRelevance>Reported", "<fileRelevance>Supplemental Reported", None),
        ("element", "fileViewedByEsp>", "viewedByEsp>", None),
        ("attribute", " hashType=\"MD5\"", "", None),
        ("missing", "<fileId>0123456789abcdef0123456789abcdef</fileId>", "", None),
        ("enumeration", "B2", "C1", None),
        (
            "missing",
            "<nameValuePair><name>PDQ</name><value>0000000000000000000000000000000000000000000000000000000000000000</value></nameValuePair>",
            "",
            None,
        ),
    ];
    for (rule, from, to, more) in cases {
        let mut bent = xml.replace(from, to);
        if let Some((from, to)) = more {
            bent = bent.replace(from, to);
        }
        let found = validate(&bent, now());
        assert!(found.iter().any(|finding| finding.rule == rule), "{rule}: {found:?}");
    }
}

/// Verdicts of the real schema, from a file that the operator has: see CONTRIBUTING.md.
#[test]
#[ignore = "needs TANOD_TEST_SCHEMA_CASES, verdicts of a schema that is not ours to publish"]
#[expect(clippy::disallowed_methods, reason = "tests learn from the environment what lies at hand")]
fn agrees_with_recorded_verdicts_of_the_real_schema() {
    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        xml: String,
        xsd_valid: bool,
        doc_rule_broken: Option<String>,
    }
    let path = std::env::var("TANOD_TEST_SCHEMA_CASES").unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    let mut judged = 0;
    for case in cases.iter().filter(|case| !case.xml.contains("Response>")) {
        let found = validate(&case.xml, now());
        let expected = case.xsd_valid && case.doc_rule_broken.is_none();
        assert_eq!(found.is_empty(), expected, "{}: {found:?}", case.name);
        judged += 1;
    }
    assert!(judged > 50);
}

proptest! {
    #[test]
    fn any_text_leaves_a_readable_document(a in ".*", b in ".*", c in any::<String>()) {
        let mut report = report();
        report.additional_info = Some(a.clone());
        report.reporter.company_template = Some(b);
        report.summary.incident_at_means = Some(c);
        let document = report.to_xml();
        let found = validate(&document.xml, now());
        prop_assert!(found.iter().all(|finding| finding.rule == "length"), "{:?}", found);
        let forbidden = |c: char| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        prop_assert!(document.removed_characters >= a.chars().filter(|c| forbidden(*c)).count());
    }

    #[test]
    fn any_document_is_judged_without_harm(text in "\\PC*") {
        prop_assert!(!validate(&text, now()).is_empty());
    }
}

fn client(port: u16) -> Client {
    let credentials = Credentials { username: "u".to_owned(), password: "secret-word".to_owned().into() };
    Client::new(&format!("http://127.0.0.1:{port}/ispws"), credentials, exchange::http::client().unwrap())
}

/// Answers one connection with these bytes, and gives back what was asked.
async fn answering(bytes: &'static [u8]) -> (Client, tokio::task::JoinSet<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap().port());
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        let pause = std::time::Duration::from_millis(150);
        while let Ok(Ok(1..)) = tokio::time::timeout(pause, stream.read_buf(&mut asked)).await {}
        stream.write_all(bytes).await.unwrap();
        String::from_utf8_lossy(&asked).into_owned()
    });
    (client, server)
}

#[tokio::test]
async fn an_answer_is_read_with_its_request_id() {
    let (client, mut server) = answering(
        b"HTTP/1.1 200 OK\r\nRequest-ID: r-1\r\nContent-Type: application/xml;charset=ISO-8859-1\r\nContent-Length: 118\r\n\r\n\
          <reportResponse><responseCode>0</responseCode><responseDescription>ok</responseDescription><reportId>9</reportId></rep",
    )
    .await;
    let answer = client.upload(9, "a.jpg", bytes::Bytes::from_static(b"pixels")).await.unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("r-1"));
    // The body was cut by its own length: readable by HTTP, and no document. That is never success.
    assert!(matches!(answer.outcome(), Outcome::Retry { .. }));
    let asked = server.join_next().await.unwrap().unwrap();
    assert!(asked.starts_with("POST /ispws/upload HTTP/1.1"));
    let (id, file) = (asked.find("name=\"id\"").unwrap(), asked.find("name=\"file\"; filename=\"a.jpg\"").unwrap());
    assert!(id < file && asked.contains("pixels"));
    assert!(asked.to_lowercase().contains("authorization: basic dtpzzwnyzxqtd29yza=="));
}

#[tokio::test]
async fn a_cut_connection_is_lost_and_a_closed_port_was_never_reached() {
    let (client, _server) = answering(b"").await;
    let lost = client.finish(9).await.unwrap_err();
    assert!(matches!(lost, CallError::Lost(_)), "{lost}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let refused = self::client(port).status().await.unwrap_err();
    assert!(matches!(refused, CallError::NotSent(_)), "{refused}");
    assert!(!format!("{refused} {:?}", self::client(port)).contains("secret-word"));
}

#[tokio::test]
async fn an_empty_401_means_credentials() {
    let (client, _server) = answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(client.status().await.unwrap().outcome(), Outcome::Credentials { .. }));
}
