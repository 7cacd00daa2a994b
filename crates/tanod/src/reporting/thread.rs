//! A conversation as text, as an officer reads it: when, who, in which role, what; within the report, and as a file where it is
//! long or somebody asks for that.

use std::fmt::Write as _;

use exchange::ncmec::document::{FileDetails, Level, Pairs, Relevance, Viewing};
use fingerprint::Digests;
use jiff::Timestamp;

use super::document::{DraftFile, Origin};
use crate::context::{Message, StreamSnapshot};
use crate::review::Case;
use crate::review::involved::{Involved, Role};
use crate::store::ItemId;

/// A conversation of more bytes goes as a file too.
pub(super) const LONG: usize = 8_000;

/// The field that says whether the conversation goes as a file too.
pub(super) const AS_FILE: &str = "/conversation/file";

/// Messages in order of time, a line each, in UTC.
pub(super) fn transcript(messages: &[Message], involved: &[Involved]) -> String {
    let mut sorted: Vec<&Message> = messages.iter().collect();
    sorted.sort_by_key(|message| message.at);
    let mut text = String::new();
    for message in sorted {
        let role = involved.iter().find(|one| one.account.as_ref() == Some(&message.sender)).and_then(|one| one.role);
        let role = match role {
            Some(Role::Suspect) => " (suspect)",
            Some(Role::Recipient) => " (recipient)",
            Some(Role::Victim) => " (victim)",
            Some(Role::Unknown) | None => "",
        };
        let with = if message.content_ids.is_empty() {
            String::new()
        } else {
            format!(" [sent with it: {}]", message.content_ids.join(", "))
        };
        let _fits = writeln!(text, "{} {}{role}: {}{with}", message.at, message.sender, message.text);
    }
    text
}

/// Who took part in streams, a line each: from where, from when to when, what they paid; in UTC.
pub(super) fn participants(streams: &[StreamSnapshot]) -> String {
    let mut text = String::new();
    let dash = |at: Option<Timestamp>, none: &str| at.map_or_else(|| none.to_owned(), |at| at.to_string());
    for stream in streams {
        let _fits = writeln!(
            text,
            "Who took part in the live stream {}, {} to {}:",
            stream.content_id,
            stream.started_at,
            dash(stream.ended_at, "still running")
        );
        for one in &stream.participants {
            let _fits = write!(text, "- {}", one.account.as_deref().unwrap_or("(no account)"));
            for place in &one.places {
                let port = place.port.map_or_else(String::new, |port| format!(" port {port}"));
                let _fits = write!(text, "; from {}{port} at {}", place.address, place.at);
            }
            for visit in &one.visits {
                let (came, left) = (dash(visit.joined_at, "before"), dash(visit.left_at, "not yet left"));
                let _fits = write!(text, "; there {came} to {left}");
            }
            for paid in &one.payments {
                let much = paid.amount_minor.map_or_else(String::new, |amount| format!(" {amount} (smallest unit)"));
                let (currency, reference) =
                    (paid.currency.as_deref().unwrap_or(""), paid.reference.as_deref().unwrap_or("none"));
                let _fits = write!(text, "; paid{much} {currency} at {}, reference {reference}", paid.at);
            }
            text.push_str(if one.reported { "; reported it\n" } else { "\n" });
        }
        text.push('\n');
    }
    text
}

/// A transcript as a file for the destination: context, and said to be no upload of a user's (18 U.S.C. 2258A(b)(5)).
pub(super) fn file(case: &Case, transcript: &str) -> Option<DraftFile> {
    let text = format!(
        "The conversation around case {}, as the platform's records have it. Written down by the reporting system; it is no file \
         that a user uploaded. Times in UTC.\n\n{transcript}",
        case.number
    );
    let details = FileDetails {
        report_id: 0,
        file_id: String::new(),
        original_file_name: None,
        uploaded_at: None,
        location: None,
        viewing: Viewing::UNSTATED,
        publicly_available: None,
        relevance: Relevance::supplemental(std::collections::BTreeSet::new())?,
        original_hashes: Vec::new(),
        ip_event: None,
        devices: Vec::new(),
        details: Pairs::default(),
        additional_info: vec![
            "The conversation around the incident, written down by the platform's reporting system from its records: no file that a \
             user uploaded. The same text stands in the report."
                .to_owned(),
        ],
    };
    let origins = vec![("/fileDetails".to_owned(), Origin::Record)];
    let md5 = Digests::of(text.as_bytes()).md5_hex();
    // No upload has the id of a case: it names this file within the report, the same each time it is gathered.
    let item = ItemId(case.id.0);
    let name = format!("conversation-of-case-{}.txt", case.number);
    Some(DraftFile { item, name, md5, details, origins, level: Level::default(), text: Some(text) })
}
