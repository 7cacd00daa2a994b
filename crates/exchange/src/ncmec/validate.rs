//! Whether the destination would accept a document: its schema, and the documented rules on top of it.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::document::Level;
use super::grammar::{Content, Order, Part, Shape, shape, words};
use super::xml::{self, Node};

/// Something that the destination would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, as a path of elements.
    pub path: String,
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What is wrong, and what was expected.
    pub message: String,
}

struct Check {
    now: Timestamp,
    level: Level,
    findings: Vec<Finding>,
}

/// Checks a document for `submit` or `fileinfo`. No finding: it would be accepted, as far as is known.
pub fn validate(document: &str, now: Timestamp, level: Level) -> Vec<Finding> {
    let mut check = Check { now, level, findings: Vec::new() };
    match xml::parse(document.as_bytes()) {
        Err(why) => check.find("/", "xml", format!("the document is not well-formed XML: {why}")),
        Ok(root) => match root.name.as_str() {
            "report" => {
                check.element("/report", &root, "Report");
                check.report(&root);
            }
            "fileDetails" => {
                check.element("/fileDetails", &root, "FileDetails");
                check.file_details(&root);
            }
            other => check.find("/", "root", format!("the root is {other}; expected report or fileDetails")),
        },
    }
    check.findings
}

impl Check {
    fn find(&mut self, path: &str, rule: &'static str, message: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), rule, message: message.into() });
    }

    fn element(&mut self, path: &str, node: &Node, kind: &'static str) {
        let Some(shape) = shape(kind) else {
            if !node.attributes.is_empty() {
                self.find(path, "attribute", "no attribute is allowed here; leave it out");
            }
            self.plain(path, node, kind);
            return;
        };
        self.attributes(path, node, shape);
        match &shape.content {
            Content::Text(kind) => self.plain(path, node, kind),
            Content::Parts(order, parts) => self.children(path, node, *order, parts),
        }
    }

    fn plain(&mut self, path: &str, node: &Node, kind: &'static str) {
        if let Some(child) = node.children.first() {
            self.find(path, "element", format!("{} is not allowed here; only text is", child.name));
            return;
        }
        self.value(path, &node.text, kind);
    }

    fn attributes(&mut self, path: &str, node: &Node, shape: &'static Shape) {
        for (name, value) in &node.attributes {
            // The root may say where its schema is.
            if name.starts_with("xmlns") || name.starts_with("xsi:") {
                continue;
            }
            match shape.attributes.iter().find(|attribute| attribute.name == name) {
                Some(attribute) => self.value(&format!("{path}/@{name}"), value, attribute.kind),
                None => self.find(path, "attribute", format!("the attribute {name} is not allowed; leave it out")),
            }
        }
        for attribute in &shape.attributes {
            if attribute.required && node.attribute(attribute.name).is_none() {
                self.find(path, "attribute", format!("the attribute {} is missing", attribute.name));
            }
        }
    }

    fn children(&mut self, path: &str, node: &Node, order: Order, parts: &'static [Part]) {
        if !node.text.trim().is_empty() {
            self.find(path, "text", "text is not allowed between the elements; leave it out");
        }
        let mut counts = vec![0_usize; parts.len()];
        let mut at = 0;
        for child in &node.children {
            let place = parts.iter().position(|part| part.name == child.name && Level::of(part.name) <= self.level);
            let below = format!("{path}/{}", child.name);
            let Some((place, part)) = place.and_then(|place| Some((place, parts.get(place)?))) else {
                let names: Vec<_> = parts.iter().map(|part| part.name).collect();
                self.find(&below, "element", format!("not allowed here; expected one of: {}", names.join(", ")));
                continue;
            };
            if order == Order::Sequence && place < at {
                let later = parts.get(at).map_or("", |part| part.name);
                self.find(&below, "order", format!("must stand before {later}"));
            }
            at = at.max(place);
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
                if *count > part.most {
                    self.find(&below, "cardinality", format!("at most {} allowed; leave out the others", part.most));
                }
            }
            self.element(&below, child, part.kind);
        }
        if order == Order::One {
            if node.children.len() != 1 {
                self.find(path, "choice", "exactly one kind of incident must stand here; repeat the element for more");
            }
            return;
        }
        for (part, count) in parts.iter().zip(counts) {
            if count < part.least {
                self.find(path, "missing", format!("{} is missing", part.name));
            }
        }
    }

    fn value(&mut self, path: &str, text: &str, kind: &'static str) {
        let fault = match kind {
            "text" => None,
            "empty" => (!text.trim().is_empty()).then(|| ("empty", "must be empty".to_owned())),
            "bool" => (!matches!(text.trim(), "true" | "false" | "1" | "0"))
                .then(|| ("boolean", "must be true or false".to_owned())),
            "flag" => (!matches!(text.trim(), "" | "true"))
                .then(|| ("flag", "is true by being there; leave it out instead of saying false".to_owned())),
            "number" => whole_number(text, 1, i64::MAX),
            "age" => whole_number(text, 0, 150),
            "port" => whole_number(text, 1, 65_535),
            "double" => text.trim().parse::<f64>().is_err().then(|| ("number", "must be a number".to_owned())),
            "past" => self.time(text, true),
            "datetime" => self.time(text, false),
            "pastdate" => match text.trim().parse::<Date>() {
                Ok(date) if date <= self.now.to_zoned(jiff::tz::TimeZone::UTC).date() => None,
                Ok(_) => Some(("past", "must be in the past".to_owned())),
                Err(_) => Some(("date", "must be a date, such as 1985-02-03".to_owned())),
            },
            "url" => url(text),
            "email" => email(text),
            "ip" => text
                .trim()
                .parse::<IpAddr>()
                .is_err()
                .then(|| ("ip", "must be an IPv4 or IPv6 address without a port".to_owned())),
            "calling" => pattern(text.strip_prefix('+'), 3, "must be + and one to three digits"),
            "extension" => pattern(Some(text), 10, "must be one to ten digits"),
            _ => sized(text, kind).or_else(|| enumerated(text, kind)),
        };
        if let Some((rule, message)) = fault {
            self.find(path, rule, message);
        }
    }

    fn time(&self, text: &str, past: bool) -> Option<Fault> {
        match text.trim().parse::<Timestamp>() {
            Ok(at) if past && at > self.now => Some(("past", "must be in the past; check the clock".to_owned())),
            Ok(_) => None,
            Err(_) => Some(("datetime", "must be a time with its zone, such as 2026-01-05T10:11:12Z".to_owned())),
        }
    }

    /// Rules of the documentation that no schema says.
    fn report(&mut self, report: &Node) {
        let reported = report.all("personOrUserReported").count();
        let batched = report.child("batchedReport").is_some();
        if reported > 1 && !batched {
            self.find(
                "/report/personOrUserReported",
                "one-account",
                "a plain report names one account; file one report each",
            );
        }
        let person = report.child("reporter").and_then(|reporter| reporter.child("reportingPerson"));
        if person.is_some_and(|person| person.child("email").is_none()) {
            self.find(
                "/report/reporter/reportingPerson",
                "reporter-email",
                "email is missing: the reporting person needs one",
            );
        }
        if batched {
            self.batched(report);
        }
        self.anywhere("/report", report);
        self.incident_emails(report);
    }

    fn batched(&mut self, report: &Node) {
        for name in ["internetDetails", "lawEnforcement", "intendedRecipient", "victim", "additionalInfo"] {
            if report.child(name).is_some() {
                self.find(&format!("/report/{name}"), "batched", "not allowed in a batched report; leave it out");
            }
        }
        if report.child("incidentSummary").is_some_and(|summary| summary.child("escalateToHighPriority").is_some()) {
            let path = "/report/incidentSummary/escalateToHighPriority";
            self.find(path, "batched", "a batched report cannot be escalated; file a plain one");
        }
        for account in report.all("personOrUserReported") {
            if account.children.iter().any(|child| child.name != "espIdentifier") {
                self.find(
                    "/report/personOrUserReported",
                    "batched",
                    "only espIdentifier is allowed in a batched report",
                );
            }
        }
    }

    /// Rules that hold wherever an element of that name stands.
    fn anywhere(&mut self, path: &str, node: &Node) {
        for child in &node.children {
            let below = format!("{path}/{}", child.name);
            match child.name.as_str() {
                "phone" | "phoneNumber" => {
                    let code = child.attribute("countryCallingCode");
                    if code.is_some_and(|code| child.text.trim().starts_with(code)) {
                        self.find(
                            &below,
                            "calling-code",
                            "must not begin with the calling code that its attribute gives",
                        );
                    }
                    self.verified(&below, child);
                }
                "email" | "emailAddress" => self.verified(&below, child),
                "estimatedLocation" => self.location(&below, child),
                "accountTemporarilyDisabled" | "accountPermanentlyDisabled" => self.disabled(&below, child),
                "associatedAccount"
                    if child.child("approximateAge").is_some() && child.child("dateOfBirth").is_some() =>
                {
                    self.find(&below, "age-or-birth", "give approximateAge or dateOfBirth, not both");
                }
                _ => {}
            }
            self.anywhere(&below, child);
        }
    }

    fn verified(&mut self, path: &str, node: &Node) {
        let verified = matches!(node.attribute("verified"), Some("true" | "1"));
        if node.attribute("verificationDate").is_some() && !verified {
            self.find(path, "verified", "verificationDate needs verified=\"true\"");
        }
    }

    fn location(&mut self, path: &str, node: &Node) {
        let text = |name| node.child(name).map(|child: &Node| child.text.trim()).filter(|text| !text.is_empty());
        if text("countryCode").is_none() {
            self.find(path, "country", "countryCode must not be blank");
        }
        if text("countryCode") == Some("US") {
            let region = text("region");
            if region.is_none() && text("city").is_some() {
                self.find(path, "us-region", "a city in the US needs its state as region");
            }
            let known = words("state").into_iter().flatten().any(|state| Some(state) == region);
            if region.is_some() && !known {
                self.find(path, "us-region", "a region in the US must be a state's abbreviation");
            }
        }
    }

    fn disabled(&mut self, path: &str, node: &Node) {
        let at = |name| node.attribute(name).and_then(|text| text.trim().parse::<Timestamp>().ok());
        let disabled = at("disabledDate");
        if let (Some(disabled), Some(notified)) = (disabled, at("userNotifiedDate"))
            && notified < disabled
        {
            self.find(path, "notified-date", "userNotifiedDate must not be before disabledDate");
        }
        if let (Some(disabled), Some(again)) = (disabled, at("reenabledDate"))
            && again <= disabled
        {
            self.find(path, "reenabled-date", "reenabledDate must be after disabledDate");
        }
    }

    /// An address in an e-mail incident must be one of somebody's in the report.
    fn incident_emails(&mut self, report: &Node) {
        let people = [
            ("personOrUserReported", "personOrUserReportedPerson"),
            ("intendedRecipient", "intendedRecipientPerson"),
            ("victim", "victimPerson"),
        ];
        let known: Vec<String> = people
            .iter()
            .flat_map(|(account, person)| report.all(account).filter_map(|node| node.child(person)))
            .flat_map(|person| person.all("email").map(|email| email.text.trim().to_lowercase()))
            .collect();
        for details in report.all("internetDetails") {
            for incident in details.all("emailIncident").chain(details.all("newsgroupIncident")) {
                for address in incident.all("emailAddress") {
                    if !known.contains(&address.text.trim().to_lowercase()) {
                        let path = format!("/report/internetDetails/{}/emailAddress", incident.name);
                        let message = "must also stand as an email of the reported person, a recipient or a victim";
                        self.find(&path, "incident-email", message);
                    }
                }
            }
        }
    }

    fn file_details(&mut self, file: &Node) {
        let text = |name| file.child(name).map(|child: &Node| child.text.trim());
        let yes = |name| matches!(text(name), Some("true" | "1"));
        if yes("exifViewedByEsp") && !yes("fileViewedByEsp") {
            self.find("/fileDetails/exifViewedByEsp", "exif-viewed", "can be true only if fileViewedByEsp is true");
        }
        if file.child("potentialMeme").is_some() && file.child("fileAnnotations").is_some() {
            self.find("/fileDetails/potentialMeme", "choice", "give potentialMeme within fileAnnotations only");
        }
        if text("fileRelevance") == Some("Supplemental Reported") {
            let meme = file.child("fileAnnotations").is_some_and(|flags| flags.child("potentialMeme").is_some());
            if meme || file.child("industryClassification").is_some() {
                let message = "a supplemental file has neither potentialMeme nor industryClassification";
                self.find("/fileDetails/fileRelevance", "supplemental", message);
            }
        }
    }
}

type Fault = (&'static str, String);

fn whole_number(text: &str, least: i64, most: i64) -> Option<Fault> {
    match text.trim().parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => None,
        Ok(_) => Some(("range", format!("must be {least} to {most}"))),
        Err(_) => Some(("number", "must be a whole number".to_owned())),
    }
}

fn pattern(digits: Option<&str>, most: usize, message: &str) -> Option<Fault> {
    let fits = digits.is_some_and(|text| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()));
    (!fits).then(|| ("pattern", message.to_owned()))
}

fn url(text: &str) -> Option<Fault> {
    let text = text.trim();
    if text.chars().count() > 2_083 {
        return Some(("length", "must have at most 2083 characters".to_owned()));
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    (!fits).then(|| ("url", "must be an absolute http or https address without spaces; percent-encode them".to_owned()))
}

fn email(text: &str) -> Option<Fault> {
    let text = text.trim();
    let fits = text.rsplit_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&local.chars().count())
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !local.contains('@')
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    if text.chars().count() > 255 {
        return Some(("length", "must have at most 255 characters".to_owned()));
    }
    (!fits).then(|| ("email", "must be an e-mail address".to_owned()))
}

/// `textN` and `lineN`.
fn sized(text: &str, kind: &str) -> Option<Fault> {
    let (most, blank) = match (kind.strip_prefix("text"), kind.strip_prefix("line")) {
        (Some(most), _) => (most, true),
        (_, Some(most)) => (most, false),
        _ => return None,
    };
    let most = most.parse::<usize>().ok()?;
    if text.chars().count() > most {
        return Some(("length", format!("must have at most {most} characters")));
    }
    (!blank && text.trim().is_empty()).then(|| ("blank", "must not be blank".to_owned()))
}

fn enumerated(text: &str, kind: &str) -> Option<Fault> {
    let mut known = words(kind)?;
    if known.any(|word| word == text.trim()) {
        return None;
    }
    let words: Vec<_> = words(kind).into_iter().flatten().filter(|word| !word.is_empty()).take(12).collect();
    Some(("enumeration", format!("is none of the allowed words, such as: {}", words.join(", "))))
}
