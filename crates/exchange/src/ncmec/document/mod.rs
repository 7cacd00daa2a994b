//! What is said to the CyberTipline, as types. A part can't stand in the wrong place, since the grammar orders them, and what
//! the destination forbids together has no type that holds both.

mod account;
pub(crate) mod element;
mod file;
mod incident;
mod internet;
mod person;
mod place;

use serde::{Deserialize, Serialize};

pub use account::{
    Account, AgeOrBirth, AssociatedAccount, AssociationKind, Device, IpEvent, IpKind, PermanentlyDisabled, Platform,
    Recipient, Reported, TemporarilyDisabled, Victim,
};
pub use file::{
    BatchedFile, Digest, FileAnnotation, FileDetails, FileRelevance, IndustryClassification, NameValue, Pairs,
    Relevance, Spread, Viewing,
};
pub use incident::{
    BatchedSummary, IncidentSummary, IncidentType, LawEnforcement, ReportAnnotation, Reporter, ServedInternational,
};
pub use internet::{CellPhone, Chat, EmailIncident, Gaming, InternetDetails, Newsgroup, Offline, PeerToPeer, WebPage};
pub use person::{Contact, Email, EmailKind, Person, Phone, PhoneKind, Verified};
pub use place::{Address, AddressKind, Country, Degrees, EstimatedLocation, State};

use super::xml::{self, Node};
use element::{Value, element, words};

/// What the destination's schema knows. What is newer than the level stays out of a document, and is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// The schema of November 2025.
    #[default]
    #[serde(rename = "2025-11")]
    November2025,
    /// The documentation of August 2026: `informational` and `ageAssertionDiscrepancy`.
    #[serde(rename = "2026-08")]
    August2026,
    /// What one source alone tells of: `potentialAggravatingFactors` and `instrumentalUse`.
    #[serde(rename = "unconfirmed")]
    Unconfirmed,
}

impl std::str::FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "2025-11" => Ok(Self::November2025),
            "2026-08" => Ok(Self::August2026),
            "unconfirmed" => Ok(Self::Unconfirmed),
            _ => Err("a schema level is 2025-11, 2026-08 or unconfirmed"),
        }
    }
}

impl Level {
    /// Since when an element is known.
    pub(crate) fn of(element: &str) -> Self {
        match element {
            "informational" | "ageAssertionDiscrepancy" => Self::August2026,
            "potentialAggravatingFactors" | "instrumentalUse" => Self::Unconfirmed,
            _ => Self::November2025,
        }
    }
}

/// A document, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The text.
    pub xml: String,
    /// Where characters were left out because XML 1.0 forbids them, and how many; for the record.
    pub cleaned: Vec<(String, usize)>,
    /// Where characters of an address were percent-encoded, and how many; for the record.
    pub encoded: Vec<(String, usize)>,
    /// Where something was left out because the destination's schema is older; for the record.
    pub left_out: Vec<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tip {
    /// Of many accounts and one file that spreads.
    Batched(Box<BatchedReport>),
    /// Of one account and incident.
    Plain(Box<Report>),
}

element! {
    /// A report of one account and incident.
    Report {
        /// What happened, and when.
        summary: IncidentSummary = "incidentSummary",
        /// Where on the internet.
        internet: Vec<InternetDetails> = "internetDetails",
        /// An agency that knows already.
        law_enforcement: Option<LawEnforcement> = "lawEnforcement",
        /// Who reports.
        reporter: Reporter = "reporter",
        /// Whose account it was.
        reported: Option<Reported> = "personOrUserReported",
        /// For whom it was meant; never among the suspects.
        #[serde(default)]
        recipients: Vec<Recipient> = "intendedRecipient",
        /// Victims; never among the suspects.
        #[serde(default)]
        victims: Vec<Victim> = "victim",
        /// Anything else.
        additional_info: Option<String> = "additionalInfo",
    }
}

words! {
    /// Why many accounts stand in one report.
    BatchReason {
        /// One file goes round.
        ViralPotentialMeme => "VIRAL_POTENTIAL_MEME",
    }
}

element! {
    /// What makes a report a batched one.
    Batch (
        /// Why.
        reason: BatchReason = "reason",
    ) {}
}

element! {
    /// One of many accounts: its id, and nothing else.
    BatchedAccount {
        /// Its unique id on the platform.
        esp_identifier: String = "espIdentifier",
    }
}

element! {
    /// A report of many accounts that passed one file on. It has exactly one file, described by a [`BatchedFile`].
    BatchedReport {
        /// That it is one.
        batch: Batch = "batchedReport",
        /// What happened, and when.
        summary: BatchedSummary = "incidentSummary",
        /// Who reports.
        reporter: Reporter = "reporter",
        /// Whose accounts they were.
        accounts: Vec<BatchedAccount> = "personOrUserReported",
    }
}

impl From<Report> for Tip {
    fn from(report: Report) -> Self {
        Self::Plain(Box::new(report))
    }
}

impl Tip {
    /// The document for `submit`.
    pub fn to_xml(&self, level: Level) -> Document {
        match self {
            Self::Batched(report) => document(&**report, "report", level),
            Self::Plain(report) => report.to_xml(level),
        }
    }

    /// Reads a report that this crate could have written; nothing for any other.
    pub fn from_xml(text: &str) -> Option<Self> {
        let node = xml::parse(text.as_bytes()).ok().filter(|node| node.name == "report")?;
        if node.child("batchedReport").is_some() {
            return BatchedReport::read(&node).map(Box::new).map(Self::Batched);
        }
        Report::read(&node).map(Self::from)
    }
}

impl Report {
    /// The document for `submit`.
    pub fn to_xml(&self, level: Level) -> Document {
        document(self, "report", level)
    }
}

macro_rules! file {
    ($name:ident) => {
        impl $name {
            /// The document for `fileinfo`.
            pub fn to_xml(&self, level: Level) -> Document {
                document(self, "fileDetails", level)
            }

            /// Reads a document that this crate could have written; nothing for any other.
            pub fn from_xml(text: &str) -> Option<Self> {
                let node = xml::parse(text.as_bytes()).ok().filter(|node| node.name == "fileDetails")?;
                Self::read(&node)
            }
        }
    };
}

file!(FileDetails);
file!(BatchedFile);

fn document(noun: &impl Value, name: &str, level: Level) -> Document {
    let mut root = Node::named(name);
    noun.write(&mut root);
    xml::write(&root, level)
}
