//! Three who judge CyberTip documents: our validator, the simulator by rules of its own, and the real schema where it is at
//! hand. Random documents across the whole model please all three; bent ones are refused by both or by neither.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::fmt::Write as _;

use exchange::ncmec::document::Level;
use exchange::ncmec::{Finding, Origin, Random, Schema, validate};
use jiff::Timestamp;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

#[test]
fn samples_please_the_validator_and_the_simulator() {
    for (level, newer, count) in [(Level::November2025, false, 10_000), (Level::Unconfirmed, true, 1_000)] {
        let mut random = Random::new(1, now(), level);
        for _ in 0..count {
            let xml = random.document().1.xml;
            assert_eq!(validate(&xml, now(), level), [], "{xml}");
            assert_eq!(sim::ncmec::judge(&xml, now(), newer), Ok(()), "{xml}");
        }
    }
}

#[test]
fn bent_documents_are_refused_by_both_or_by_neither() {
    let mut refused = 0;
    for (xml, bend) in bent_documents(3, 4_000) {
        let ours = validate(&xml, now(), Level::November2025);
        let theirs = sim::ncmec::judge(&xml, now(), false);
        assert_eq!(ours.is_empty(), theirs.is_ok(), "{bend}\nours: {ours:?}\ntheirs: {theirs:?}\n{xml}");
        refused += usize::from(!ours.is_empty());
    }
    assert!(refused > 2_000, "{refused}");
}

/// The schema is not ours to publish; see CONTRIBUTING.md.
#[test]
#[ignore = "needs TANOD_TEST_XSD, a schema that is not ours to publish, and xmllint"]
#[expect(clippy::disallowed_methods, reason = "a test learns from the environment")]
fn the_real_schema_says_the_same() {
    let mut random = Random::new(2, now(), Level::November2025);
    let mut documents: Vec<(String, String)> =
        (0..10_000).map(|_| (random.document().1.xml, "a sample".to_owned())).collect();
    documents.extend(bent_documents(4, 2_000));
    let schema = std::env::var("TANOD_TEST_XSD").unwrap();
    assert_eq!(Schema::of(&fs_err::read(&schema).unwrap()), Schema::Known(Level::November2025));
    let verdicts = judged_by_schema(&schema, &documents);
    for ((xml, bend), valid) in documents.iter().zip(verdicts) {
        let ours = validate(xml, now(), Level::November2025);
        let by_schema = |finding: &Finding| finding.origin == Origin::Schema;
        assert_eq!(!ours.iter().any(by_schema), valid, "{bend}\n{ours:?}\n{xml}");
        assert!(bend != "a sample" || ours.is_empty(), "{ours:?}\n{xml}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test asks another program")]
fn judged_by_schema(schema: &str, documents: &[(String, String)]) -> Vec<bool> {
    let folder = std::env::temp_dir().join(format!("tanod-xsd-{}", std::process::id()));
    fs_err::create_dir_all(&folder).unwrap();
    let mut verdicts = vec![false; documents.len()];
    for (block, at) in documents.chunks(500).zip((0..).step_by(500)) {
        let mut asked = std::process::Command::new("xmllint");
        asked.args(["--noout", "--nonet", "--schema", schema]).current_dir(&folder);
        for ((xml, _), nth) in block.iter().zip(0_usize..) {
            fs_err::write(folder.join(nth.to_string()), xml).unwrap();
            asked.arg(nth.to_string());
        }
        let said = asked.output().unwrap().stderr;
        for line in String::from_utf8_lossy(&said).lines() {
            if let Some(nth) = line.strip_suffix(" validates") {
                verdicts[at + nth.parse::<usize>().unwrap()] = true;
            }
        }
    }
    fs_err::remove_dir_all(&folder).unwrap();
    verdicts
}

fn bent_documents(seed: u64, count: usize) -> Vec<(String, String)> {
    let mut random = Random::new(seed, now(), Level::November2025);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut all = Vec::new();
    while all.len() < count {
        let xml = random.document().1.xml;
        // A long document has many places where a bend is the same as in a short one.
        if xml.len() > 12_000 {
            continue;
        }
        let mut root = Element::read(&xml);
        let bend = bend(&mut root, &mut rng);
        let mut text = String::new();
        root.write(&mut text);
        all.push((text, bend));
    }
    all
}

/// An element of a document that our writer wrote: text and attributes stay escaped.
#[derive(Clone, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn read(xml: &str) -> Self {
        let mut open = vec![Self::default()];
        for piece in xml.split('<').skip(2) {
            let (tag, text) = piece.split_once('>').unwrap();
            if !tag.starts_with('/') {
                let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
                let mut words = tag.splitn(2, ' ');
                let mut element = Self { name: words.next().unwrap().to_owned(), ..Self::default() };
                let mut rest = words.next().unwrap_or("");
                while let Some((key, more)) = rest.split_once("=\"") {
                    let (value, more) = more.split_once('"').unwrap();
                    element.attributes.push((key.trim().to_owned(), value.to_owned()));
                    rest = more;
                }
                open.push(element);
                if !empty {
                    text.clone_into(&mut open.last_mut().unwrap().text);
                    continue;
                }
            }
            let done = open.pop().unwrap();
            open.last_mut().unwrap().children.push(done);
        }
        open[0].children.remove(0)
    }

    fn write(&self, out: &mut String) {
        let Self { name, attributes, text, children } = self;
        write!(out, "<{name}").unwrap();
        for (key, value) in attributes {
            write!(out, " {key}=\"{value}\"").unwrap();
        }
        write!(out, ">{text}").unwrap();
        for child in children {
            child.write(out);
        }
        write!(out, "</{name}>").unwrap();
    }

    fn count(&self) -> usize {
        1 + self.children.iter().map(Self::count).sum::<usize>()
    }

    /// The nth element of the document, counted as they begin.
    fn nth(&mut self, mut nth: usize) -> &mut Self {
        if nth == 0 {
            return self;
        }
        nth -= 1;
        for child in &mut self.children {
            let count = child.count();
            if nth < count {
                return child.nth(nth);
            }
            nth -= count;
        }
        unreachable!("there are not so many")
    }
}

const NAMES: &str = "address additionalInfo age approximateAge associatedAccount batchedReport bestiality city content contactPerson country countryCode dateOfBirth dateTime details deviceId displayName email emailAddress emailIncident escalateToHighPriority espIdentifier estimatedLocation eventName extra fileAnnotations fileName firstName groupIdentifier idType incidentType informational internetDetails intendedRecipient ipAddress ipCaptureEvent lastName latitude middleName name nameValuePair nonUsaState personOrUserReported phone phoneNumber platform port possibleProxy potentialMeme priorCTReport priorCTReports profileUrl reportAnnotations reporter screenName schoolName spam state type url value vehicleDescription victim victimPerson viewedByEsp viral webPageIncident zipCode";
const ATTRIBUTES: &str = "type verified verificationDate countryCallingCode extension accountType reason hashType fleaCountry disabledDate userNotified userNotifiedDate reenabledDate timestamp thirdPartyUser thirdPartyHostedContent xmlns";
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "true",
    "false",
    "1",
    "0",
    " true ",
    "TRUE",
    "-1",
    "0",
    "151",
    "65536",
    "007",
    "+7",
    " 7 ",
    "7.0",
    "1e2",
    "INF",
    "inf",
    "NaN",
    ".5",
    "5.",
    "99999999999999999999",
    "3000000000",
    "US",
    "us",
    "VA",
    " VA",
    "Home",
    "home",
    "Login",
    "A1",
    "Reported",
    "Supplemental Reported",
    "VIRAL_POTENTIAL_MEME",
    "2026-01-05T10:11:12Z",
    "2026-01-05T10:11:12",
    "2026-01-05T10:11:12+14:00",
    "2026-01-05T10:11:12+14:01",
    "2026-01-05T10:11:12-05",
    "2026-01-05 10:11:12Z",
    "2026-01-05T10:11:12z",
    "2026-01-05T10:11:12.123456789123Z",
    "2026-01-05T10:11:12.Z",
    "2026-02-30T10:11:12Z",
    "2026-01-05T10:11:60Z",
    "2026-01-05T10:61:12Z",
    "20260105T101112Z",
    "2027-01-05T10:11:12Z",
    " 2026-01-05T10:11:12Z\n",
    "2026-01-05",
    "2026-01-05Z",
    "2026-01-05+02:00",
    "2026-1-5",
    "2027-01-05",
    "0000-01-05",
    "https://p.example/a",
    "HTTPS://p.example",
    "http:///a",
    "p.example/a",
    "https://p.example/a b",
    "ftp://p.example",
    "a@b.example",
    "a@b",
    "a@b.example.",
    "a@@b.example",
    " a@b.example",
    "192.0.2.1",
    "192.0.2.256",
    "2001:db8::1",
    "::ffff:192.0.2.1",
    "192.0.2.1:80",
    "+1",
    "1",
    "+1234",
    "+1555",
    "12345678901",
    "Child Sex Tourism",
    "child sex tourism",
    "&amp;",
    "\u{a0}",
    "\u{1f300}",
];

/// Changes one thing or two, and says which.
fn bend(root: &mut Element, rng: &mut ChaCha20Rng) -> String {
    let said: Vec<String> = (0..rng.random_range(1..3)).map(|_| bend_once(root, rng)).collect();
    said.join(", then ")
}

fn bend_once(root: &mut Element, rng: &mut ChaCha20Rng) -> String {
    let words = |list: &'static str, rng: &mut ChaCha20Rng| {
        let all: Vec<&str> = list.split(' ').collect();
        all[rng.random_range(0..all.len())].to_owned()
    };
    let text = TEXTS[rng.random_range(0..TEXTS.len())];
    let (count, at) = (root.count(), rng.random_range(0..root.count()));
    let elsewhere = root.nth(rng.random_range(0..count)).clone();
    let element = root.nth(at);
    let name = element.name.clone();
    let children = element.children.len();
    match rng.random_range(0..12) {
        0 if children > 0 => {
            let gone = element.children.remove(rng.random_range(0..children));
            format!("{} left out of {name}", gone.name)
        }
        1 if children > 0 => {
            let nth = rng.random_range(0..children);
            let again = element.children[nth].clone();
            element.children.insert(nth, again);
            format!("a child of {name} twice")
        }
        2 if children > 1 => {
            element.children.swap(rng.random_range(0..children), rng.random_range(0..children));
            format!("children of {name} in another order")
        }
        3 => {
            element.name = words(NAMES, rng);
            format!("{name} called {}", element.name)
        }
        4 => {
            let place = rng.random_range(0..=children);
            let new = Element { name: words(NAMES, rng), text: text.to_owned(), ..Element::default() };
            let said = format!("{} put into {name}", new.name);
            element.children.insert(place, new);
            said
        }
        5 if elsewhere.count() < 30 => {
            let said = format!("{} copied into {name}", elsewhere.name);
            element.children.insert(rng.random_range(0..=children), elsewhere);
            said
        }
        6 if !element.attributes.is_empty() => {
            element.attributes.remove(0);
            format!("{name} without an attribute")
        }
        7 if !element.attributes.is_empty() => {
            text.clone_into(&mut element.attributes[0].1);
            format!("an attribute of {name} says {text:?}")
        }
        8 => {
            let key = words(ATTRIBUTES, rng);
            element.attributes.retain(|(known, _)| *known != key);
            element.attributes.push((key, text.to_owned()));
            format!("{name} with an attribute more")
        }
        9 => {
            element.text += &"y".repeat(rng.random_range(0..4_000));
            format!("{name} with much text")
        }
        _ => {
            text.clone_into(&mut element.text);
            format!("{name} says {text:?}")
        }
    }
}
