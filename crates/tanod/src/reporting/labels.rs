//! Elements of NCMEC's documents, where values are from, and changes, in words for a person.

use std::fmt::Write as _;

use super::document::{Draft, Origin};
use super::editor::Change;
use crate::web::console::minute;

/// What an element is called in the console.
pub(super) fn label(element: &str) -> String {
    let known = match element {
        "incidentSummary" => "What happened",
        "incidentType" => "Type of incident",
        "escalateToHighPriority" => "Urgent, because",
        "reportAnnotations" => "What more is known of the incident",
        "fileAnnotations" => "What more is known of the file",
        "incidentDateTime" => "Time of the incident (UTC)",
        "incidentDateTimeDescription" => "What that time is",
        "internetDetails" => "Where",
        "webPageIncident" => "On a page",
        "emailIncident" => "By e-mail",
        "newsgroupIncident" => "In a newsgroup",
        "chatImIncident" => "In a chat",
        "onlineGamingIncident" => "In a game",
        "cellPhoneIncident" => "By telephone",
        "nonInternetIncident" => "Off the internet",
        "peer2peerIncident" => "From peer to peer",
        "lawEnforcement" => "Police who know already",
        "reporter" => "Who reports",
        "reportingPerson" => "Contact of the platform",
        "contactPerson" => "Whom officers should call",
        "companyTemplate" => "Legal process",
        "personOrUserReported" => "Reported account",
        "personOrUserReportedPerson" | "intendedRecipientPerson" | "victimPerson" => "The person behind it",
        "intendedRecipient" => "Recipient",
        "victim" => "Victim",
        "espIdentifier" => "Account on the platform",
        "espService" => "Product used",
        "compromisedAccount" => "Somebody else may have used it",
        "ipCaptureEvent" => "Address",
        "ipAddress" => "IP address",
        "eventName" => "Used for",
        "deviceId" => "Device",
        "idType" => "What its id is",
        "idValue" => "Its id",
        "priorCTReports" | "priorCTReport" => "Earlier report",
        "additionalInfo" => "More",
        "originalFileName" => "Name of the file",
        "uploadedToEspTimestamp" => "Uploaded (UTC)",
        "locationOfFile" => "Where it could be seen",
        "publiclyAvailable" => "Everybody could see it",
        "industryClassification" => "Class",
        "fileDetails" => "File",
        "infant" => "An infant",
        "viral" => "Spreading fast",
        "potentialMeme" => "Passed on in outrage or as a joke",
        "generativeAi" => "Made by a model",
        "possibleSelfProduction" => "The child may have made it",
        "file" => "The conversation as a file too",
        "why" => "Why it is absent",
        "reason" => "Because",
        "not_applicable" => "not applicable",
        "not_reasonably_available" => "not reasonably available",
        "sextortion" => "Blackmail",
        "minorToMinorInteraction" => "Between minors",
        _ => return spaced(element),
    };
    known.to_owned()
}

/// `thisIsOne` becomes "This is one".
fn spaced(element: &str) -> String {
    let mut words = String::new();
    for (nth, c) in element.chars().enumerate() {
        if nth == 0 {
            words.extend(c.to_uppercase());
        } else if c.is_uppercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}

/// Where a value is from.
pub(super) fn origin_words(origin: &Origin) -> String {
    match origin {
        Origin::Upload => "the platform, with the upload or notice".to_owned(),
        Origin::Context => "the platform, asked about the case".to_owned(),
        Origin::Decision => "the decision".to_owned(),
        Origin::Provider => "Provider".to_owned(),
        Origin::Record => "our records".to_owned(),
        Origin::Person { staff, at } => format!("staff {staff}, {} UTC", minute(*at)),
    }
}

/// Reads a change back, in words.
pub(super) fn sentences(draft: &Draft, changes: &[Change]) -> Vec<String> {
    let of = |change: &Change| {
        let file = draft.files.iter().position(|file| Some(file.item) == change.file);
        let at = file.map_or_else(String::new, |nth| format!("File {}: ", nth + 1));
        let steps = change.path.split('/').skip(2).map(|step| {
            let (name, nth) = step.split_once('[').unwrap_or((step, ""));
            let nth = nth.trim_end_matches(']');
            format!("{}{}{nth}", label(name.trim_start_matches('@')), if nth.is_empty() { "" } else { " " })
        });
        let mut words = format!("{at}{}: ", steps.collect::<Vec<_>>().join(", "));
        let was = draft.value(change).unwrap_or_default();
        let say = |text: &str| match text {
            "" => "nothing".to_owned(),
            "not_applicable" | "not_reasonably_available" => format!("“{}”", label(text)),
            _ => format!("“{text}”"),
        };
        let _fits = write!(words, "{} instead of {}.", say(&change.value), say(&was));
        words
    };
    changes.iter().map(of).collect()
}
