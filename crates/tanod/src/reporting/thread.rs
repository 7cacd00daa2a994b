//! A conversation as text, as an officer reads it: when, who, in which role, what; within the report, and as a file where it is
//! long or somebody asks for that.

use std::fmt::Write as _;

use exchange::ncmec::document::{FileDetails, Level, Pairs, Relevance, Viewing};
use fingerprint::Digests;

use super::document::{DraftFile, Origin};
use crate::context::Message;
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
