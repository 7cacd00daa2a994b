//! What a report says: gathered from the case at the decision, fixed there, and written in NCMEC's order.

use std::collections::BTreeSet;

use exchange::ncmec::document::{
    Account, Digest, Email, FileAnnotation, FileDetails, IncidentSummary, InternetDetails, IpEvent, IpKind, Level,
    NameValue, Pairs, Person, Recipient, Relevance, Report as Tip, Reported, Reporter, Victim, Viewing, WebPage,
};
use jiff::Timestamp;

use super::viewing::Viewed;
use crate::intake::{self, Item};
use crate::matching::Strength;
use crate::provider::Provider;
use crate::refusal::{Error, Result};
use crate::review::involved::{self, Involved, Role};
use crate::review::{self, Case, Decision, Signal, SignalKind};
use crate::store::{DecisionId, ItemId, Tx};

/// A report, as it was intended.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    /// The document for `submit`.
    pub tip: Tip,
    /// Its files, in the order in which they are sent.
    pub files: Vec<DraftFile>,
}

/// One file of a report. The ids that the destination gives are put in when they are known.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct DraftFile {
    /// Which upload.
    pub item: ItemId,
    /// Under which name it is sent.
    pub name: String,
    /// MD5 of the bytes, to compare with the destination's.
    pub md5: String,
    /// What is said about it, but for viewing: that is read from the record when it is said.
    details: FileDetails,
}

/// Gathers a report from the case.
pub(super) async fn draft(
    tx: &mut Tx,
    case: &Case,
    decision: &Decision,
    items: &[ItemId],
    prior: Vec<i64>,
    settings: &Provider,
) -> Result<Draft> {
    let kind = decision.incident_type.as_deref().and_then(super::incident_type);
    let kind = kind.ok_or_else(|| Error::internal("drafting a report", "the decision has no incident type"))?;
    let mut files = Vec::new();
    let mut uploads = Vec::new();
    for id in items {
        let item = intake::find(tx, *id).await?;
        files.push(DraftFile {
            item: *id,
            name: file_name(&item),
            md5: hex::encode(item.digests.md5),
            details: details(&item, &decision.particulars.file_annotations),
        });
        uploads.push(item);
    }
    // The incident is the first upload of what is reported; when the platform named no time, its arrival here.
    let first = uploads.iter().min_by_key(|item| incident_time(item));
    let (incident_at, means) = first.map_or((case.knowledge_at, MEANS_KNOWLEDGE), |item| {
        let named = item.facts.as_ref().is_some_and(|facts| facts.uploaded_at.is_some());
        (incident_time(item), if named { MEANS_UPLOAD } else { MEANS_ARRIVAL })
    });
    let mut urls: Vec<String> = Vec::new();
    for url in uploads.iter().filter_map(|item| item.facts.as_ref()).flat_map(|facts| facts.urls.iter()) {
        if !urls.contains(url) {
            urls.push(url.clone());
        }
    }
    let internet = if urls.is_empty() {
        Vec::new()
    } else {
        vec![InternetDetails::WebPage(WebPage { urls, additional_info: None, third_party_hosted: None })]
    };
    let involved = involved::of(tx, case.id).await?;
    let people = people(&involved, &uploads, &prior, settings);
    // A plain report names one account; the others are named in its text, and each has a case of its own.
    let mut suspects = people.suspects.into_iter();
    let reported = suspects.next();
    let others: Vec<String> = suspects.filter_map(|other| other.account.esp_identifier).collect();
    let others =
        if others.is_empty() { String::new() } else { format!(" Also suspected in this case: {}.", others.join(", ")) };
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    Ok(Draft {
        tip: Tip {
            summary: IncidentSummary {
                incident_type: kind,
                platform: some(&settings.platform),
                escalate: decision.particulars.escalate.clone(),
                incident_at,
                incident_at_means: Some(means.to_owned()),
                annotations: decision.particulars.report_annotations.clone(),
            },
            internet,
            law_enforcement: None,
            reporter: Reporter {
                person: Person {
                    first_name: some(&settings.first_name),
                    last_name: some(&settings.last_name),
                    emails: vec![settings.email.clone().into()],
                    ..Person::default()
                },
                contact: None,
                company_template: some(&settings.template()),
                terms_of_service: some(&settings.terms_of_service),
                legal_url: some(&settings.legal_url),
            },
            reported,
            recipients: people.recipients,
            victims: people.victims,
            additional_info: Some(format!(
                "{} A person decided to report. Our case number {}.{others}",
                found_by(&review::signals(tx, case.id).await?, decision.id),
                case.number
            )),
        },
        files,
    })
}

const MEANS_UPLOAD: &str =
    "The time at which the first of the reported files was uploaded, as recorded by the platform.";
const MEANS_KNOWLEDGE: &str = "The time at which the platform came to know; when it happened is not known.";
const MEANS_ARRIVAL: &str =
    "The time at which the first of the reported files reached the matching system; the upload was at or before it.";

fn incident_time(item: &Item) -> Timestamp {
    // The destination refuses a time in the future; a platform's clock may be ahead of ours.
    let named = item.facts.as_ref().and_then(|facts| facts.uploaded_at);
    named.map_or(item.received_at, |at| at.min(item.received_at))
}

/// How the operator came to know of what a decision covers.
fn found_by(signals: &[Signal], decision: DecisionId) -> &'static str {
    let has = |kind| signals.iter().any(|signal| signal.decision == Some(decision) && signal.kind == kind);
    match (has(SignalKind::HashMatch), has(SignalKind::Notice)) {
        (true, true) => "Found by comparing uploads with lists of known material, and somebody told the platform.",
        (_, false) => "Found by comparing uploads with lists of known material.",
        (false, true) => "Somebody told the platform.",
    }
}

/// The accounts of a report, by their roles. A victim or a recipient never stands among the suspects.
struct People {
    suspects: Vec<Reported>,
    recipients: Vec<Recipient>,
    victims: Vec<Victim>,
}

fn people(involved: &[Involved], uploads: &[Item], prior: &[i64], settings: &Provider) -> People {
    let mut people = People { suspects: Vec::new(), recipients: Vec::new(), victims: Vec::new() };
    for one in involved {
        let Some(account) = account(one, uploads, settings) else { continue };
        match one.role {
            Some(Role::Victim) => people.victims.push(account.into()),
            Some(Role::Recipient) => people.recipients.push(account.into()),
            Some(Role::Suspect | Role::Unknown) | None => {
                people.suspects.push(Account { prior_reports: prior.to_vec(), ..account }.into());
            }
        }
    }
    people
}

/// What is known of one account: what the platform said of it, and from where its uploads came.
fn account(one: &Involved, uploads: &[Item], settings: &Provider) -> Option<Account> {
    let mut ip_events: Vec<IpEvent> = Vec::new();
    for item in uploads {
        let Some(facts) = &item.facts else { continue };
        if facts.account.as_ref().map(|account| &account.id) != one.account.as_ref() {
            continue;
        }
        if let Some(event) = ip_event(item, facts)
            && !ip_events.contains(&event)
        {
            ip_events.push(event);
        }
    }
    let facts = one.facts.as_ref();
    if facts.is_none() && ip_events.is_empty() {
        return None;
    }
    let person = facts
        .and_then(|account| account.email.clone())
        .map(|email| Person { emails: vec![email.into()], ..Person::default() });
    let mut said = Vec::new();
    if one.role == Some(Role::Unknown) {
        said.push("What this account is in the incident is not known.".to_owned());
    }
    if let Some(server) = facts.and_then(|account| account.server.as_ref()) {
        said.push(format!("An account of {server}, seen on this platform by federation."));
    }
    if one.likely_minor {
        said.push("This account may be a child's.".to_owned());
    }
    Some(Account {
        person,
        esp_identifier: facts.map(|account| account.id.clone()),
        esp_service: (!settings.platform.is_empty()).then(|| settings.platform.chars().take(100).collect()),
        compromised: one.hijacked.then_some(true),
        screen_name: facts.and_then(|account| account.screen_name.clone()),
        profile_urls: facts.and_then(|account| account.profile_url.clone()).into_iter().collect(),
        ip_events,
        additional_info: (!said.is_empty()).then(|| said.join(" ")),
        ..Account::default()
    })
}

fn ip_event(item: &Item, facts: &intake::Facts) -> Option<IpEvent> {
    // The address is that of the upload, and is called so; its time is the upload's (US-16).
    facts.upload_ip.map(|address| IpEvent {
        address,
        kind: Some(IpKind::Upload),
        at: Some(incident_time(item)),
        port: facts.upload_port,
        possible_proxy: None,
    })
}

fn file_name(item: &Item) -> String {
    let named = item.facts.as_ref().and_then(|facts| facts.file_name.as_deref());
    named.map_or_else(|| item.id.to_string(), str::to_owned)
}

fn details(item: &Item, annotations: &BTreeSet<FileAnnotation>) -> FileDetails {
    let facts = item.facts.as_ref();
    let found = match item.strength {
        Some(Strength::Exact) => "Matched a list of known material by exact digest of the file.",
        Some(Strength::Near) => {
            "Matched a list of known material by similarity of the picture; a possible match until a person confirmed it."
        }
        None => "Came with a person's notice; no list of known material was found to know it.",
    };
    FileDetails {
        report_id: 0,
        file_id: String::new(),
        original_file_name: facts.and_then(|facts| facts.file_name.clone()),
        uploaded_at: facts.and_then(|facts| facts.uploaded_at).map(|at| at.min(item.received_at)),
        location: facts.and_then(|facts| facts.urls.first().cloned()),
        viewing: Viewing::UNSTATED,
        publicly_available: facts.and_then(|facts| facts.public),
        relevance: Relevance::reported(annotations.clone(), None),
        original_hashes: vec![
            digest("MD5", &item.digests.md5),
            digest("SHA1", &item.digests.sha1),
            digest("SHA256", &item.digests.sha256),
        ],
        ip_event: facts.and_then(|facts| ip_event(item, facts)),
        devices: Vec::new(),
        details: Pairs {
            hashes: item.frames.first().map(|(pdq, _)| pair("PDQ", pdq)).into_iter().collect(),
            ..Pairs::default()
        },
        additional_info: vec![found.to_owned()],
    }
}

fn digest(algorithm: &str, bytes: &[u8]) -> Digest {
    Digest { algorithm: algorithm.to_owned(), value: hex::encode(bytes) }
}

fn pair(name: &str, value: &str) -> NameValue {
    NameValue { name: name.to_owned(), value: value.to_owned() }
}

/// What a report says, as headings and text for a person to copy or read aloud. No picture, no path to one of ours.
pub(super) fn lines(draft: &Draft, viewed: &[Viewed]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut add = |heading: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            lines.push((heading.to_owned(), text.to_owned()));
        }
    };
    let summary = &draft.tip.summary;
    add("Type of incident", Some(summary.incident_type.as_str()));
    add("Urgent, because", summary.escalate.as_deref());
    add("Time of the incident (UTC)", Some(&summary.incident_at.to_string()));
    add("What that time is", summary.incident_at_means.as_deref());
    add("Platform", summary.platform.as_deref());
    for details in &draft.tip.internet {
        if let InternetDetails::WebPage(page) = details {
            for url in &page.urls {
                add("Address", Some(url));
            }
        }
    }
    let tip = &draft.tip;
    let suspects = tip.reported.iter().map(|one| ("Reported account", &one.account));
    let recipients = tip.recipients.iter().map(|one| ("Recipient", &one.account));
    let victims = tip.victims.iter().map(|one| ("Victim", &one.account));
    for (heading, one) in suspects.chain(recipients).chain(victims) {
        add(heading, one.esp_identifier.as_deref().or(Some("without an account")));
        add("Screen name", one.screen_name.as_deref());
        for Email { address, .. } in one.person.iter().flat_map(|person| &person.emails) {
            add("E-mail", Some(address));
        }
        for url in &one.profile_urls {
            add("Profile", Some(url));
        }
        for event in &one.ip_events {
            let kind = event.kind.map_or("address", IpKind::as_str);
            let port = event.port.map_or_else(String::new, |port| format!(" port {port}"));
            let at = event.at.map_or_else(String::new, |at| format!(" at {at}"));
            add(kind, Some(&format!("{}{port}{at}", event.address)));
        }
        add("About this account", one.additional_info.as_deref());
    }
    for ((file, viewed), nth) in draft.files.iter().zip(viewed).zip(1..) {
        add(&format!("File {nth}"), Some(&file.name));
        for Digest { algorithm, value } in &file.details.original_hashes {
            add(algorithm, Some(value));
        }
        add("Viewed by the platform", Some(viewed.in_short()));
        for text in file.details.additional_info.iter().chain(&viewed.words()) {
            add("About this file", Some(text));
        }
    }
    add("More", draft.tip.additional_info.as_deref());
    add("Legal process", draft.tip.reporter.company_template.as_deref());
    for Email { address, .. } in &draft.tip.reporter.person.emails {
        add("Contact of the platform", Some(address));
    }
    lines
}

impl DraftFile {
    /// The document for `fileinfo`, once the destination has given its ids. The only one there is: what it says of viewing
    /// comes from a `Viewed`, whatever else is written down.
    pub fn document(&self, number: i64, file_id: &str, viewed: &Viewed) -> String {
        self.with(number, file_id, viewed.stated(), viewed.words())
    }

    fn with(&self, number: i64, file_id: &str, viewing: Viewing, words: Vec<String>) -> String {
        let mut details =
            FileDetails { report_id: number, file_id: file_id.to_owned(), viewing, ..self.details.clone() };
        details.additional_info.extend(words);
        details.to_xml(Level::default()).xml
    }
}

impl Draft {
    /// What the destination would refuse, in words. Checked before a report is intended, and again before it is opened.
    pub fn faults(&self, now: Timestamp) -> Vec<String> {
        let mut findings = exchange::ncmec::validate(&self.tip.to_xml(Level::default()).xml, now, Level::default());
        for file in &self.files {
            // Of viewing, any statement is as valid as none.
            let document = file.with(1, &"0".repeat(32), Viewing::UNSTATED, Vec::new());
            findings.extend(exchange::ncmec::validate(&document, now, Level::default()));
        }
        findings.into_iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
    }
}
