//! Random documents across the whole model, the same for the same seed. All of them would be accepted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use super::document::element::Value as _;
use super::document::{
    Account, AssociatedAccount, BatchedFile, BatchedReport, Document, Email, FileDetails, InternetDetails, Level,
    Report, Tip,
};

/// Draws documents, one after the other.
#[derive(Debug)]
pub struct Random {
    rng: ChaCha20Rng,
    now: Timestamp,
    level: Level,
    /// In how many of a hundred cases something that may be absent is there; drawn anew for each document.
    crowd: u8,
}

impl Random {
    /// Documents that say nothing later than `now` and nothing newer than `level`.
    pub fn new(seed: u64, now: Timestamp, level: Level) -> Self {
        Self { rng: ChaCha20Rng::seed_from_u64(seed), now, level, crowd: 50 }
    }

    /// A document of any kind, with the name of its kind: a report, or details of a file, of either sort.
    pub fn document(&mut self) -> (&'static str, Document) {
        let level = self.level;
        match self.within(0, 3) {
            0 => ("file", self.file().to_xml(level)),
            1 => ("batched-file", self.batched_file().to_xml(level)),
            _ => {
                let tip = self.tip();
                (if matches!(tip, Tip::Plain(_)) { "report" } else { "batched-report" }, tip.to_xml(level))
            }
        }
    }

    /// A report, one in eight a batched one.
    pub fn tip(&mut self) -> Tip {
        self.crowd = self.of(&[0, 10, 30, 50, 70, 100]);
        if self.within(0, 7) == 0 {
            let mut report = BatchedReport::sample(self, "report");
            self.needs_email(&mut report.reporter.person.emails);
            return Tip::Batched(Box::new(report));
        }
        let mut report = Report::sample(self, "report");
        self.needs_email(&mut report.reporter.person.emails);
        let reported = report.reported.iter_mut().map(|one| (&mut one.account, Some(&mut one.associated)));
        let recipients = report.recipients.iter_mut().map(|one| (&mut one.account, None));
        let victims = report.victims.iter_mut().map(|one| (&mut one.account, Some(&mut one.associated)));
        for (account, associated) in reported.chain(recipients).chain(victims) {
            agree(account, associated.into_iter().flatten());
        }
        self.known_emails(&mut report);
        report.into()
    }

    /// Details of a file.
    pub fn file(&mut self) -> FileDetails {
        self.crowd = self.of(&[0, 10, 30, 50, 70, 100]);
        FileDetails::sample(self, "fileDetails")
    }

    /// Details of the one file of a batched report.
    pub fn batched_file(&mut self) -> BatchedFile {
        self.crowd = self.of(&[0, 30, 100]);
        BatchedFile::sample(self, "fileDetails")
    }

    fn needs_email(&mut self, emails: &mut Vec<Email>) {
        if emails.is_empty() {
            emails.push(self.text("email").into());
        }
    }

    /// An address of an incident is one of somebody's in the report.
    fn known_emails(&mut self, report: &mut Report) {
        let Report { reported, recipients, victims, internet, .. } = report;
        let accounts = reported.iter().map(|one| &one.account).chain(recipients.iter().map(|one| &one.account));
        let accounts = accounts.chain(victims.iter().map(|one| &one.account));
        let emails = accounts.filter_map(|account| account.person.as_ref()).flat_map(|person| &person.emails);
        let known: Vec<String> = emails.map(|email| email.address.clone()).collect();
        for details in internet {
            let (InternetDetails::Email(super::document::EmailIncident { addresses, .. })
            | InternetDetails::Newsgroup(super::document::Newsgroup { addresses, .. })) = details
            else {
                continue;
            };
            if known.is_empty() {
                addresses.clear();
            }
            for address in addresses {
                address.address = self.of(&known);
            }
        }
    }

    pub(crate) fn maybe(&mut self) -> bool {
        self.rng.random_range(0..100) < self.crowd
    }

    pub(crate) fn few(&mut self) -> usize {
        if self.maybe() { self.rng.random_range(1..=2) } else { 0 }
    }

    pub(crate) fn within(&mut self, least: i32, most: i32) -> i32 {
        self.rng.random_range(least..=most)
    }

    /// One of a list that is not empty.
    #[expect(clippy::expect_used, reason = "the lists are those of the model, and none is empty")]
    pub(crate) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all.choose(&mut self.rng).expect("a list of the model").clone()
    }

    pub(crate) fn knows(&self, element: &str) -> bool {
        Level::of(element) <= self.level
    }

    pub(crate) fn age(&mut self) -> u8 {
        self.rng.random_range(0..=150)
    }

    pub(crate) fn port(&mut self) -> u16 {
        self.rng.random_range(1..=u16::MAX)
    }

    pub(crate) fn report(&mut self) -> i64 {
        self.rng.random_range(1..=i64::MAX)
    }

    pub(crate) fn past(&mut self) -> Timestamp {
        let back = SignedDuration::from_micros(self.rng.random_range(0..300_000_000_000_000));
        self.now.checked_sub(back).unwrap_or(self.now)
    }

    pub(crate) fn birth(&mut self) -> Date {
        let (year, month, day) =
            (self.rng.random_range(1900..2020), self.rng.random_range(1..=12), self.rng.random_range(1..=28));
        Date::new(year, month, day).unwrap_or_default()
    }

    /// Only addresses that are set aside for documentation.
    pub(crate) fn address(&mut self) -> IpAddr {
        let v4 = Ipv4Addr::new(192, 0, 2, self.rng.random());
        match self.rng.random_range(0..3) {
            0 => v4.into(),
            1 => v4.to_ipv6_mapped().into(),
            _ => Ipv6Addr::new(0x2001, 0xdb8, self.rng.random(), 0, 0, 0, 0, self.rng.random()).into(),
        }
    }

    fn digits(&mut self, most: usize) -> String {
        (0..self.rng.random_range(1..=most)).map(|_| char::from(b'0' + self.rng.random_range(0..10))).collect()
    }

    fn hexadecimal(&mut self, length: usize) -> String {
        (0..length).map(|_| self.of(&HEXADECIMAL)).collect()
    }

    /// Text that fits an element of this name.
    pub(crate) fn text(&mut self, name: &str) -> String {
        match name {
            "url" | "profileUrl" | "legalURL" | "locationOfFile" => {
                let path = self.of(&["", "p/1", "u/name?a=b&c='d'#e", "f/%20%C3%A9", "x/%C3%A9%E4%B8%96"]);
                format!("{}://platform.example/{path}", self.of(&["http", "https"]))
            }
            "email" | "emailAddress" => {
                let local = self.hexadecimal(12);
                format!("{}{local}@mail.example", self.of(&["", "a.b+", "\u{e9}", "o'"]))
            }
            "phone" | "phoneNumber" => self.digits(50),
            "extension" => self.digits(10),
            "countryCallingCode" => format!("+{}", self.digits(3)),
            "fileId" => self.hexadecimal(32),
            "originalFileHash" => self.hexadecimal(64),
            "hashType" => self.of(&["MD5", "SHA1", "SHA256"]).to_owned(),
            _ => self.words(limit(name)),
        }
    }

    fn words(&mut self, limit: usize) -> String {
        let most = match self.rng.random_range(0..10) {
            0 => limit,
            1..4 => limit.min(80),
            _ => limit.min(12),
        };
        let least = if most == limit { most } else { 1 };
        let length = self.rng.random_range(least..=most);
        let mut text = "x".to_owned();
        let mut units = 1;
        while units < length {
            let c = self.of(&LETTERS);
            // What is left may have no room for a character of two units.
            let c = if units + c.len_utf16() > length { 'z' } else { c };
            units += c.len_utf16();
            text.push(c);
        }
        text
    }
}

const HEXADECIMAL: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// Letters, what XML must escape, white space, and what lies outside the first plane.
const LETTERS: [char; 20] = [
    'a',
    'b',
    'e',
    'k',
    ' ',
    'Z',
    '0',
    '.',
    '&',
    '<',
    '>',
    '"',
    '\'',
    '\n',
    '\r',
    '\t',
    '\u{e9}',
    '\u{5d0}',
    '\u{4e16}',
    '\u{1f300}',
];

/// How long a text of this name may be anywhere.
fn limit(name: &str) -> usize {
    match name {
        "zipCode" => 20,
        "name" => 64,
        "firstName" | "lastName" | "city" | "nonUsaState" | "caseNumber" | "espService" => 100,
        "platform" | "screenName" | "middleName" => 256,
        "vehicleDescription" => 300,
        "originalFileName" => 2_056,
        "idValue" => 2_083,
        "escalateToHighPriority" | "incidentDateTimeDescription" => 3_000,
        "content" | "additionalInfo" | "companyTemplate" | "termsOfService" | "profileBio" | "fileNames" | "value" => {
            500
        }
        _ => 255,
    }
}

/// Makes agree what was drawn apart: the order of dates, and a state where a city in the United States is.
fn agree<'a>(account: &mut Account, associated: impl Iterator<Item = &'a mut AssociatedAccount>) {
    if let Some(location) = &mut account.location
        && location.country.as_str() == "US"
    {
        location.region = Some("VA".to_owned());
    }
    let mut temporarily: Vec<_> = account.temporarily_disabled.iter_mut().collect();
    let mut permanently: Vec<_> = account.permanently_disabled.iter_mut().collect();
    for one in associated {
        temporarily.extend(one.temporarily_disabled.iter_mut());
        permanently.extend(one.permanently_disabled.iter_mut());
    }
    for one in temporarily {
        after(one.disabled_at, &mut one.user_notified_at);
        after(one.disabled_at, &mut one.reenabled_at);
        // The very moment is not after it.
        one.reenabled_at = one.reenabled_at.filter(|at| one.disabled_at.is_none_or(|disabled| *at > disabled));
    }
    for one in permanently {
        after(one.disabled_at, &mut one.user_notified_at);
    }
}

fn after(first: Option<Timestamp>, second: &mut Option<Timestamp>) {
    if let Some(first) = first {
        *second = second.map(|at| at.max(first));
    }
}
