//! A conversation as text, as an officer reads it: when, who, in which role, what.

use std::fmt::Write as _;

use crate::context::Message;
use crate::review::involved::{Involved, Role};

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
