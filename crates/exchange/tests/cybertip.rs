//! Documents as the destination would judge them, and what the client makes of the network.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::collections::BTreeSet;

use exchange::ncmec::document::*;
use exchange::ncmec::{CallError, Client, Credentials, Finding, Outcome, Random, Schema};
use jiff::Timestamp;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

const LEVEL: Level = Level::November2025;

fn validate(xml: &str, now: Timestamp) -> Vec<Finding> {
    exchange::ncmec::validate(xml, now, LEVEL)
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
        law_enforcement: None,
        reporter: Reporter {
            person: Person { emails: vec!["safety@platform.example".to_owned().into()], ..Person::default() },
            contact: None,
            company_template: Some("legal process to legal@platform.example".to_owned()),
            terms_of_service: None,
            legal_url: Some("https://platform.example/legal".to_owned()),
        },
        reported: Some(
            Account {
                person: Some(Person { emails: vec!["u@mail.example".to_owned().into()], ..Person::default() }),
                compromised: Some(true),
                screen_name: Some("u".to_owned()),
                display_names: vec!["U".to_owned()],
                profile_urls: vec!["https://platform.example/u".to_owned()],
                ip_events: vec![event()],
                prior_reports: vec![4_000_001],
                ..account("u-1")
            }
            .into(),
        ),
        recipients: vec![account("r-1").into()],
        victims: vec![account("v-1").into()],
        additional_info: Some("a <note> & more".to_owned()),
    }
}

fn account(id: &str) -> Account {
    Account { esp_identifier: Some(id.to_owned()), ..Account::default() }
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
        viewing: Viewing::WHOLE.with_exif(false),
        publicly_available: Some(true),
        relevance: Relevance::reported([FileAnnotation::Viral].into(), Some(IndustryClassification::B2)),
        original_hashes: vec![Digest { algorithm: "MD5".to_owned(), value: "00".repeat(16) }],
        ip_event: Some(event()),
        devices: Vec::new(),
        details: Pairs {
            hashes: vec![NameValue { name: "PDQ".to_owned(), value: "00".repeat(32) }],
            ..Pairs::default()
        },
        additional_info: vec!["one".to_owned(), "two".to_owned()],
    }
}

#[test]
fn what_we_write_is_valid() {
    assert_eq!(validate(&report().to_xml(LEVEL).xml, now()), []);
    assert_eq!(validate(&file().to_xml(LEVEL).xml, now()), []);
}

/// Types hold no forbidden pair, whatever they are asked for.
#[test]
fn what_is_forbidden_together_cannot_be_said() {
    assert_eq!(Viewing::NOBODY.with_exif(true).exif(), None);
    assert_eq!(Viewing::UNSTATED.with_exif(true).exif(), None);
    assert_eq!(Viewing::WHOLE.with_exif(true).exif(), Some(true));
    assert_eq!(Relevance::supplemental([FileAnnotation::PotentialMeme].into()), None);
    let stored = |text: &str| serde_json::from_str::<FileDetails>(text);
    let base = "{\"report_id\":1,\"file_id\":\"a\",\"original_hashes\":[],\"publicly_available\":null";
    let read = stored(&format!("{base},\"viewed_by_esp\":false,\"exif_viewed_by_esp\":true}}")).unwrap();
    assert_eq!(read.viewing, Viewing::NOBODY);
    let refused = stored(&format!(
        "{base},\"relevance\":\"Supplemental Reported\",\"industry_classification\":\"A1\",\"viewed_by_esp\":null}}"
    ));
    assert!(refused.is_err());
}

/// Drafts that the release before wrote.
#[test]
fn drafts_of_older_releases_still_read() {
    let details: FileDetails = serde_json::from_str(include_str!("older/file.json")).unwrap();
    assert_eq!(details, file());
    let tip: Tip = serde_json::from_str(include_str!("older/report.json")).unwrap();
    assert_eq!(tip, report().into());
}

#[test]
fn samples_are_valid_and_read_back() {
    for level in [Level::November2025, Level::August2026, Level::Unconfirmed] {
        let mut random = Random::new(7, now(), level);
        for _ in 0..60 {
            let tip = random.tip();
            let document = tip.to_xml(level);
            assert_eq!(exchange::ncmec::validate(&document.xml, now(), level), [], "{}", document.xml);
            assert!(document.cleaned.is_empty() && document.left_out.is_empty());
            assert_eq!(Tip::from_xml(&document.xml).as_ref(), Some(&tip), "{}", document.xml);
            let kept = serde_json::to_string(&tip).unwrap();
            assert_eq!(serde_json::from_str::<Tip>(&kept).unwrap(), tip);
            let file = random.file();
            let xml = file.to_xml(level).xml;
            assert_eq!(exchange::ncmec::validate(&xml, now(), level), [], "{xml}");
            assert_eq!(FileDetails::from_xml(&xml).as_ref(), Some(&file), "{xml}");
            let kept = serde_json::to_string(&file).unwrap();
            assert_eq!(serde_json::from_str::<FileDetails>(&kept).unwrap(), file);
            let file = random.batched_file();
            let xml = file.to_xml(level).xml;
            assert_eq!(exchange::ncmec::validate(&xml, now(), level), [], "{xml}");
            assert_eq!(BatchedFile::from_xml(&xml).as_ref(), Some(&file), "{xml}");
        }
    }
}

/// What the destination's schema does not know yet is left out, and named for the record.
#[test]
fn newer_elements_wait_for_their_level() {
    let mut report = report();
    report.summary.annotations = [ReportAnnotation::Informational, ReportAnnotation::InstrumentalUse].into();
    report.reporter.person.age_discrepancy = Some(true);
    let document = report.to_xml(Level::November2025);
    assert_eq!(
        document.left_out,
        [
            "/report/incidentSummary/reportAnnotations/informational",
            "/report/incidentSummary/reportAnnotations/instrumentalUse",
            "/report/reporter/reportingPerson/ageAssertionDiscrepancy",
        ]
    );
    assert_eq!(validate(&document.xml, now()), []);
    let newer = report.to_xml(Level::August2026);
    assert_eq!(newer.left_out, ["/report/incidentSummary/reportAnnotations/instrumentalUse"]);
    assert_eq!(exchange::ncmec::validate(&newer.xml, now(), Level::August2026), []);
    assert!(!validate(&newer.xml, now()).is_empty());
    assert_eq!(report.to_xml(Level::Unconfirmed).left_out, [""; 0]);
}

/// Each line: what is wrong, the rule that must find it, and the change that makes it so.
#[test]
fn every_rule_finds_what_it_is_for() {
    let xml = report().to_xml(LEVEL).xml;
    let cases = [
        ("enumeration", "Child Pornography (possession", "Something else (possession"),
        ("missing", "<incidentDateTime>2026-10-01T10:00:00.25Z</incidentDateTime>", ""),
        ("past", "2026-10-01T10:00:00.25Z", "2027-10-01T10:00:00Z"),
        ("zone", "2026-10-01T10:00:00.25Z", "2026-10-01T10:00:00"),
        ("datetime", "2026-10-01T10:00:00.25Z", "2026-10-01"),
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
    let xml = file().to_xml(LEVEL).xml;
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
        let document = report.to_xml(LEVEL);
        let found = validate(&document.xml, now());
        prop_assert!(found.iter().all(|finding| finding.rule == "length"), "{:?}", found);
        let forbidden = |c: char| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let removed = document.cleaned.iter().find(|(path, _)| path == "/report/additionalInfo").map_or(0, |(_, n)| *n);
        prop_assert_eq!(removed, a.chars().filter(|c| forbidden(*c)).count());
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
    let answer = client.upload(9, "a.jpg", 6, bytes::Bytes::from_static(b"pixels")).await.unwrap();
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

/// An answer that trickles for ever is given up when its time is over, and nobody knows whether the call was acted on.
#[tokio::test]
async fn an_answer_that_trickles_is_lost() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/ispws", listener.local_addr().unwrap());
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<reportResponse>").await.unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    let http = reqwest::Client::builder().timeout(std::time::Duration::from_millis(300)).build().unwrap();
    let credentials = Credentials { username: "u".to_owned(), password: "secret-word".to_owned().into() };
    let lost = Client::new(&base, credentials, http).finish(9).await.unwrap_err();
    assert!(matches!(lost, CallError::Lost(_)), "{lost}");
}

#[tokio::test]
async fn an_empty_401_means_credentials() {
    let (client, _server) = answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(client.status().await.unwrap().outcome(), Outcome::Credentials { .. }));
}

/// What is served is compared with what the documents were written for; an answer about it is no schema.
#[tokio::test]
async fn another_schema_is_noticed() {
    let (client, _server) =
        answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 12\r\n\r\n<xs:schema/>").await;
    let Ok(Schema::Drifted { sha256 }) = client.schema().await else { panic!("no drift") };
    assert_eq!(sha256, "4048be82610b005fec7ade5a557ff22de3acb1ab6b7586a489c9e47b6ea6fa31");
    for answer in [
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 110\r\n\r\n<reportResponse><responseCode>1210</responseCode><responseDescription>n</responseDescription></reportResponse>",
    ] {
        let (client, _server) = answering(answer).await;
        assert!(matches!(client.schema().await, Ok(Schema::Absent { .. })));
    }
}
