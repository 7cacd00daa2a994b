//! Rules of the documentation that no schema says.

use jiff::Timestamp;

use super::super::grammar::words;
use super::super::xml::Node;
use super::{Check, Origin, children, trimmed};

impl Check {
    fn rule(&mut self, path: &str, rule: &'static str, message: &str) {
        self.find(path, rule, Origin::Documentation, message);
    }

    pub(super) fn report(&mut self, report: &Node) {
        let batched = report.child("batchedReport").is_some();
        if report.all("personOrUserReported").count() > 1 && !batched {
            let message = "a plain report names one account; file one report each";
            self.rule("/report/personOrUserReported[2]", "one-account", message);
        }
        let person = report.child("reporter").and_then(|reporter| reporter.child("reportingPerson"));
        if person.is_some_and(|person| person.child("email").is_none()) {
            let message = "email is missing: the reporting person needs one";
            self.rule("/report/reporter/reportingPerson", "reporter-email", message);
        }
        if batched {
            self.batched(report);
        }
        self.anywhere("/report", report);
        self.incident_emails(report);
    }

    fn batched(&mut self, report: &Node) {
        let forbidden = ["internetDetails", "lawEnforcement", "intendedRecipient", "victim", "additionalInfo"];
        for (path, child) in children("/report", report) {
            if forbidden.contains(&child.name.as_str()) {
                self.rule(&path, "batched", "not allowed in a batched report; leave it out");
            }
            let only_id = || child.children.iter().all(|child| child.name == "espIdentifier");
            if child.name == "personOrUserReported" && !only_id() {
                self.rule(&path, "batched", "only espIdentifier is allowed in a batched report; leave out the rest");
            }
        }
        if report.child("incidentSummary").is_some_and(|summary| summary.child("escalateToHighPriority").is_some()) {
            let path = "/report/incidentSummary/escalateToHighPriority";
            self.rule(path, "batched", "a batched report cannot be escalated; file a plain one");
        }
    }

    /// Rules that hold wherever an element of that name stands.
    fn anywhere(&mut self, path: &str, node: &Node) {
        for (below, child) in children(path, node) {
            match child.name.as_str() {
                "phone" | "phoneNumber" => {
                    let code = child.attribute("countryCallingCode").filter(|code| !code.is_empty());
                    if code.is_some_and(|code| child.text.trim().starts_with(code)) {
                        let message = "must not begin with the calling code that its attribute gives; leave one out";
                        self.rule(&below, "calling-code", message);
                    }
                    self.verified(&below, child);
                }
                "email" | "emailAddress" => self.verified(&below, child),
                "estimatedLocation" => self.location(&below, child),
                "accountTemporarilyDisabled" | "accountPermanentlyDisabled" => self.disabled(&below, child),
                "associatedAccount"
                    if child.child("approximateAge").is_some() && child.child("dateOfBirth").is_some() =>
                {
                    self.rule(&below, "age-or-birth", "give approximateAge or dateOfBirth, not both");
                }
                _ => {}
            }
            self.anywhere(&below, child);
        }
    }

    fn verified(&mut self, path: &str, node: &Node) {
        let verified = node.attribute("verified").is_some_and(|text| matches!(trimmed(text), "true" | "1"));
        if node.attribute("verificationDate").is_some() && !verified {
            self.rule(path, "verified", "verificationDate needs verified=\"true\"");
        }
    }

    fn location(&mut self, path: &str, node: &Node) {
        let text = |name| node.child(name).map(|child: &Node| child.text.as_str()).filter(|text| !text.is_empty());
        match text("countryCode") {
            // One that is absent is found missing by the grammar.
            None if node.child("countryCode").is_some() => {
                self.rule(path, "country", "countryCode must not be blank");
            }
            Some("US") => {
                let region = text("region");
                if region.is_none() && text("city").is_some_and(|city| !city.trim().is_empty()) {
                    self.rule(path, "us-region", "a city in the US needs its state as region");
                }
                let known = words("state").into_iter().flatten().any(|state| Some(state) == region);
                if region.is_some() && !known {
                    self.rule(path, "us-region", "a region in the US must be a state's abbreviation, such as VA");
                }
            }
            _ => {}
        }
    }

    fn disabled(&mut self, path: &str, node: &Node) {
        let at = |name| node.attribute(name).and_then(|text| trimmed(text).parse::<Timestamp>().ok());
        let disabled = at("disabledDate");
        if let (Some(disabled), Some(notified)) = (disabled, at("userNotifiedDate"))
            && notified < disabled
        {
            self.rule(path, "notified-date", "userNotifiedDate must not be before disabledDate");
        }
        if let (Some(disabled), Some(again)) = (disabled, at("reenabledDate"))
            && again <= disabled
        {
            self.rule(path, "reenabled-date", "reenabledDate must be after disabledDate");
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
            .flat_map(|person| person.all("email").map(|email| email.text.to_lowercase()))
            .collect();
        for (path, details) in children("/report", report).filter(|(_, child)| child.name == "internetDetails") {
            for (path, incident) in children(&path, details) {
                if incident.name != "emailIncident" && incident.name != "newsgroupIncident" {
                    continue;
                }
                for (path, address) in children(&path, incident).filter(|(_, child)| child.name == "emailAddress") {
                    if !known.contains(&address.text.to_lowercase()) {
                        let message = "must also stand as an email of the reported person, a recipient or a victim";
                        self.rule(&path, "incident-email", message);
                    }
                }
            }
        }
    }

    pub(super) fn file_details(&mut self, file: &Node) {
        let text = |name| file.child(name).map(|child: &Node| trimmed(&child.text));
        let yes = |name| matches!(text(name), Some("true" | "1"));
        if yes("exifViewedByEsp") && !yes("fileViewedByEsp") {
            let message = "can be true only if fileViewedByEsp is true";
            self.rule("/fileDetails/exifViewedByEsp", "exif-viewed", message);
        }
        if text("fileRelevance") == Some("Supplemental Reported") {
            let meme = file.child("fileAnnotations").is_some_and(|flags| flags.child("potentialMeme").is_some());
            if meme || yes("potentialMeme") || file.child("industryClassification").is_some() {
                let message =
                    "a supplemental file has neither potentialMeme nor industryClassification; leave them out";
                self.rule("/fileDetails/fileRelevance", "supplemental", message);
            }
        }
    }
}
