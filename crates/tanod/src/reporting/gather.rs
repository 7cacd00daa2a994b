//! A report gathers itself from the case: each value remembers where it came from, each absent one why.

use std::collections::{BTreeSet, HashMap, HashSet};

use exchange::ncmec::document::{
    Account, Chat, Device, Digest, Email, FileAnnotation, FileDetails, IncidentSummary, IncidentType, InternetDetails,
    IpEvent, IpKind, Level, NameValue, Pairs, Person, Phone, Relevance, Report as Tip, ReportAnnotation, Reported,
    Reporter, Verified, Viewing, WebPage,
};
use jiff::Timestamp;

use super::document::{Absent, Draft, DraftFile, Origin, Why};
use super::thread;
use crate::context::{self, Context, EventKind, NetworkEvent, StreamSnapshot};
use crate::evidence;
use crate::intake::{self, Item, UNKNOWN_ITEM};
use crate::matching::Strength;
use crate::provider::Provider;
use crate::refusal::Result;
use crate::review::involved::{self, Involved, Role};
use crate::review::{Case, Signal, SignalKind};
use crate::store::{ItemId, Tx};

/// What a person says about the incident: by a decision, or while there is none yet.
pub(super) struct Says<'a> {
    pub(super) incident_type: IncidentType,
    pub(super) escalate: Option<String>,
    pub(super) annotations: BTreeSet<ReportAnnotation>,
    pub(super) file_annotations: BTreeSet<FileAnnotation>,
    /// The signals it covers.
    pub(super) signals: Vec<&'a Signal>,
}

/// Where things are from, as they are put in.
#[derive(Default)]
struct Notes(Vec<(String, Origin)>);

impl Notes {
    fn from(&mut self, path: impl Into<String>, origin: Origin) {
        self.0.push((path.into(), origin));
    }
}

/// What a report is gathered from.
pub(super) struct Around {
    /// The uploads that it covers, in the order of its signals.
    pub(super) uploads: Vec<Item>,
    /// What a camera wrote into them, of those of which it could be read.
    pub(super) exif: HashMap<ItemId, Vec<(String, String)>>,
    /// What the platform said when it was asked.
    pub(super) known: Context,
    /// How far it has answered.
    pub(super) standing: Option<context::State>,
    /// Who is in the case.
    pub(super) involved: Vec<Involved>,
    /// Numbers of the reports before.
    pub(super) prior: Vec<i64>,
}

impl Around {
    /// Of one case.
    pub(super) async fn of(tx: &mut Tx, case: &Case, says: &Says<'_>, prior: Vec<i64>) -> Result<Self> {
        let ids: Vec<ItemId> = says.signals.iter().filter_map(|signal| signal.item).collect();
        let found = intake::find_all(tx, &ids).await?;
        let uploads = ids.iter().map(|id| found.get(id).cloned().ok_or_else(|| (&UNKNOWN_ITEM).into()));
        let uploads = uploads.collect::<Result<_>>()?;
        Ok(Self {
            uploads,
            exif: evidence::exif_of(tx, &ids).await?,
            known: context::known(tx, case.id).await?,
            standing: context::standing(tx, case.id).await?.map(|standing| standing.state),
            involved: involved::of(tx, case.id).await?,
            prior,
        })
    }
}

/// Gathers a report from the case.
pub(super) fn draft(now: Timestamp, case: &Case, says: &Says<'_>, around: &Around, provider: &Provider) -> Draft {
    let Around { uploads, exif, known, standing, involved, prior } = around;
    let of = |item: &Item| exif.get(&item.id).cloned().unwrap_or_default();
    let streams = known.streams.as_deref().unwrap_or_default();
    let files = uploads.iter().map(|item| file(item, shown_by(item, streams), &says.file_annotations, of(item)));
    let files: Vec<DraftFile> = files.collect();
    let unread = uploads.iter().any(|item| !exif.contains_key(&item.id));
    let mut notes = Notes::default();

    // The incident is the first upload of what is reported; when the platform named no time, its arrival here.
    let first = uploads.iter().min_by_key(|item| incident_time(item));
    let named = first.and_then(|item| item.facts.as_ref()).is_some_and(|facts| facts.uploaded_at.is_some());
    let written = known.messages();
    let messages = written.iter().map(|message| message.at).filter(|at| *at <= now).min();
    let began = streams.iter().map(|stream| stream.started_at).filter(|at| *at <= now).min();
    let (incident_at, means, from) = match (first, began, messages) {
        (_, Some(at), _) => (at, MEANS_STREAM, Origin::Context),
        (Some(item), ..) if named => (incident_time(item), MEANS_UPLOAD, Origin::Upload),
        (Some(item), ..) => (incident_time(item), MEANS_ARRIVAL, Origin::Record),
        (None, _, Some(at)) => (at, MEANS_MESSAGE, Origin::Context),
        (None, ..) => (case.knowledge_at, MEANS_KNOWLEDGE, Origin::Record),
    };
    notes.from("/report/incidentSummary", Origin::Decision);
    notes.from("/report/incidentSummary/platform", Origin::Provider);
    notes.from("/report/incidentSummary/incidentDateTime", from);
    notes.from("/report/reporter", Origin::Provider);
    notes.from("/report/additionalInfo", Origin::Record);

    let transcript = format!("{}{}", thread::participants(streams), thread::transcript(&written, involved));
    let transcript = Some(transcript).filter(|text| !text.is_empty());
    let internet = internet(uploads, streams, transcript.as_deref(), &mut notes);
    let mut people = People::default();
    // Whoever the case is about comes first; others came into it later.
    let (own, others): (Vec<_>, Vec<_>) = involved.iter().partition(|one| one.account == case.account);
    for one in own.into_iter().chain(others) {
        let Some(account) = account(one, uploads, known, case, provider, now) else { continue };
        people.add(one.role, account, prior, &mut notes);
    }
    // A plain report names one account; the others are named in its text, and each has a case of its own.
    let mut suspects = people.suspects.into_iter();
    let reported = suspects.next().map(Reported::from);
    let others: Vec<String> = suspects.filter_map(|other| other.esp_identifier).collect();
    let mut said = vec![
        found_by(&says.signals).to_owned(),
        "A person decided to report.".to_owned(),
        format!("Our case number {}.", case.number),
    ];
    if !others.is_empty() {
        said.push(format!("Also suspected in this case: {}.", others.join(", ")));
    }
    said.extend(streamed(streams));
    said.extend(around_it(known));
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let tip = Tip {
        summary: IncidentSummary {
            incident_type: says.incident_type,
            platform: some(&provider.platform),
            escalate: says.escalate.clone(),
            incident_at,
            incident_at_means: Some(means.to_owned()),
            annotations: says.annotations.clone(),
        },
        internet,
        law_enforcement: None,
        reporter: Reporter {
            person: Person {
                first_name: some(&provider.first_name),
                last_name: some(&provider.last_name),
                phones: some(&provider.telephone)
                    .map(|number| Phone { number, ..Phone::default() })
                    .into_iter()
                    .collect(),
                emails: vec![provider.email.clone().into()],
                ..Person::default()
            },
            contact: None,
            company_template: some(&provider.template()),
            terms_of_service: some(&provider.terms_of_service),
            legal_url: some(&provider.legal_url),
        },
        reported,
        recipients: people.recipients.into_iter().map(Into::into).collect(),
        victims: people.victims.into_iter().map(Into::into).collect(),
        additional_info: Some(said.join(" ")),
    };
    let mut absent = absent(&tip, uploads, known, *standing);
    absent.extend(absent_exif(&files, unread));
    let conversation = transcript.as_deref().and_then(|transcript| thread::file(case, transcript));
    let (origins, level) = (notes.0, Level::default());
    let mut draft = Draft { tip: tip.into(), files, origins, absent, score: None, conversation, level };
    draft.send_conversation(transcript.is_some_and(|transcript| transcript.len() > thread::LONG));
    draft
}

const MEANS_UPLOAD: &str =
    "The time at which the first of the reported files was uploaded, as recorded by the platform.";
const MEANS_STREAM: &str = "The time at which the live stream began, as recorded by the platform.";
const MEANS_KNOWLEDGE: &str = "The time at which the platform came to know; when it happened is not known.";
const MEANS_MESSAGE: &str = "The time of the first message of the conversation, as recorded by the platform.";
const MEANS_ARRIVAL: &str =
    "The time at which the first of the reported files reached the matching system; the upload was at or before it.";

fn incident_time(item: &Item) -> Timestamp {
    // The destination refuses a time in the future; a platform's clock may be ahead of ours.
    let named = item.facts.as_ref().and_then(|facts| facts.uploaded_at);
    named.map_or(item.received_at, |at| at.min(item.received_at))
}

/// How the operator came to know of what is reported.
fn found_by(signals: &[&Signal]) -> &'static str {
    let has = |kind| signals.iter().any(|signal| signal.kind == kind);
    match (has(SignalKind::HashMatch), has(SignalKind::Notice)) {
        (true, true) => "Found by comparing uploads with lists of known material, and somebody told the platform.",
        (true, false) => "Found by comparing uploads with lists of known material.",
        (false, true) => "Somebody told the platform.",
        (false, false) => "Found by what happened in a live stream.",
    }
}

/// Where it can be seen, and what was written around it.
fn internet(
    uploads: &[Item],
    streams: &[StreamSnapshot],
    transcript: Option<&str>,
    notes: &mut Notes,
) -> Vec<InternetDetails> {
    let mut internet = Vec::new();
    let of_uploads = uploads.iter().filter_map(|item| item.facts.as_ref()).flat_map(|facts| facts.urls.iter());
    let mut seen = HashSet::new();
    let urls = of_uploads.chain(streams.iter().flat_map(|stream| &stream.urls));
    let urls: Vec<String> = urls.filter(|url| seen.insert(*url)).cloned().collect();
    if !urls.is_empty() {
        internet.push(InternetDetails::WebPage(WebPage { urls, ..WebPage::default() }));
        notes.from("/report/internetDetails[1]", Origin::Upload);
    }
    if let Some(transcript) = transcript {
        let content = Some(transcript.to_owned());
        internet.push(InternetDetails::Chat(Chat { content, ..Chat::default() }));
        notes.from(format!("/report/internetDetails[{}]", internet.len()), Origin::Context);
    }
    internet
}

/// The accounts of a report, by their roles. A victim or a recipient never stands among the suspects.
#[derive(Default)]
struct People {
    suspects: Vec<Account>,
    recipients: Vec<Account>,
    victims: Vec<Account>,
}

impl People {
    fn add(
        &mut self,
        role: Option<Role>,
        (mut account, from_context): (Account, Vec<String>),
        prior: &[i64],
        notes: &mut Notes,
    ) {
        let suspect = "personOrUserReported";
        let (list, path, person) = match role {
            Some(Role::Victim) => (&mut self.victims, "victim", "victimPerson"),
            Some(Role::Recipient) => (&mut self.recipients, "intendedRecipient", "intendedRecipientPerson"),
            Some(Role::Suspect | Role::Unknown) | None => (&mut self.suspects, suspect, "personOrUserReportedPerson"),
        };
        let path = format!("/report/{path}[{}]", list.len() + 1);
        notes.from(&*path, Origin::Upload);
        notes.from(format!("{path}/espService"), Origin::Provider);
        notes.from(format!("{path}/priorCTReports"), Origin::Record);
        for below in from_context {
            let below = below.replace("person/", &format!("{person}/"));
            notes.from(format!("{path}/{below}"), Origin::Context);
        }
        if path.contains(suspect) {
            account.prior_reports = prior.to_vec();
        }
        list.push(account);
    }
}

/// What is known of one account, and which of it the platform said when it was asked: from its uploads, from what it said of
/// the account with them, and from its answer around the case.
fn account(
    one: &Involved,
    uploads: &[Item],
    known: &Context,
    case: &Case,
    provider: &Provider,
    now: Timestamp,
) -> Option<(Account, Vec<String>)> {
    let mut events: Vec<IpEvent> = Vec::new();
    let mut devices: Vec<Device> = Vec::new();
    for item in uploads {
        let Some(facts) = &item.facts else { continue };
        if facts.account.as_ref().map(|account| &account.id) != one.account.as_ref() {
            continue;
        }
        events.extend(ip_event(item, facts).filter(|event| !events.contains(event)));
        let device = facts.device.clone().map(|id| device(id, Some(IpKind::Upload), Some(incident_time(item))));
        devices.extend(device.filter(|device| !devices.contains(device)));
    }
    // The platform answers about the account of the case; of another one it says nothing here.
    let asked = one.account.is_some() && one.account == case.account;
    events.extend(in_streams(one, known));
    let snapshot = known.account.as_ref().filter(|account| Some(&account.id) == one.account.as_ref());
    let facts = one.facts.as_ref();
    let mut from_context = Vec::new();
    let (first_event, first_device) = (events.len() + 1, devices.len() + 1);
    if asked {
        let of = known.events.iter().flatten().filter(|event| event.at <= now).map(network_event);
        events.extend(of.filter(|event| !has(&events, event)).collect::<Vec<_>>());
        let of = known.devices.iter().flatten();
        let of = of.map(|one| device(one.id.clone(), None, one.last_seen_at.filter(|at| *at <= now)));
        devices.extend(of.filter(|one| devices.iter().all(|known| known.id_value != one.id_value)).collect::<Vec<_>>());
        from_context.extend((first_event..=events.len()).map(|nth| format!("ipCaptureEvent[{nth}]")));
        from_context.extend((first_device..=devices.len()).map(|nth| format!("deviceId[{nth}]")));
    }
    if facts.is_none() && events.is_empty() && snapshot.is_none() {
        return None;
    }
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
    let mut account = Account {
        esp_identifier: facts.map(|account| account.id.clone()).or_else(|| snapshot.map(|account| account.id.clone())),
        esp_service: (!provider.platform.is_empty()).then(|| provider.platform.chars().take(100).collect()),
        compromised: one.hijacked.then_some(true),
        screen_name: facts.and_then(|account| account.screen_name.clone()),
        profile_urls: facts.and_then(|account| account.profile_url.clone()).into_iter().collect(),
        ip_events: events,
        devices,
        ..Account::default()
    };
    let mut person = Person::default();
    if let Some(email) = facts.and_then(|account| account.email.clone()) {
        put_email(email, None, &mut person, &mut said);
    }
    if let Some(snapshot) = snapshot {
        snapshot_into(snapshot, &mut account, &mut person, &mut said, &mut from_context);
    }
    account.person = (person != Person::default()).then_some(person);
    account.additional_info = (!said.is_empty()).then(|| said.join(" "));
    Some((account, from_context))
}

/// What the platform answered about the account, where the report has a place for it; the rest in plain words.
fn snapshot_into(
    snapshot: &context::Snapshot,
    account: &mut Account,
    person: &mut Person,
    said: &mut Vec<String>,
    from: &mut Vec<String>,
) {
    let verified = |yes: Option<bool>| yes.map(|yes| if yes { Verified::Yes } else { Verified::No });
    for email in &snapshot.emails {
        let known = |known: &Email| known.address == email.address;
        if let Some(known) = person.emails.iter_mut().find(|one| known(one)) {
            known.verified = verified(email.verified);
        } else {
            put_email(email.address.clone(), verified(email.verified), person, said);
            from.push(format!("person/email[{}]", person.emails.len()));
        }
    }
    for phone in &snapshot.phones {
        person.phones.push(Phone {
            number: phone.number.clone(),
            verified: verified(phone.verified),
            ..Phone::default()
        });
        from.push("person/phone".to_owned());
    }
    if let Some(name) = &snapshot.full_name {
        let short = |text: &str| (text.chars().count() <= 100 && !text.is_empty()).then(|| text.to_owned());
        let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
        (person.first_name, person.last_name) = (short(first), short(last));
        said.push(format!("Name as given at registration: {}.", name.trim()));
        from.extend(["person/firstName", "person/lastName"].map(str::to_owned));
    }
    if let Some(age) = snapshot.self_stated_age.filter(|age| *age <= 150) {
        person.age = Some(age);
        from.push("person/age".to_owned());
    }
    if account.screen_name.is_none() {
        account.screen_name = snapshot.screen_names.first().cloned();
        from.push("screenName".to_owned());
    }
    let shown = account.screen_name.clone();
    let others =
        snapshot.screen_names.iter().filter(|name| Some(*name) != shown.as_ref() && name.chars().count() <= 255);
    account.display_names.extend(others.cloned());
    from.push("displayName".to_owned());
    if let Some(url) = snapshot.profile_url.as_ref().filter(|url| !account.profile_urls.contains(url)) {
        account.profile_urls.push(url.clone());
        from.push(format!("profileUrl[{}]", account.profile_urls.len()));
    }
    account.profile_bio.clone_from(&snapshot.profile_text);
    from.push("profileBio".to_owned());
    let at = |name: &str, at: Option<Timestamp>| at.map(|at| format!("{name} {at}."));
    said.extend(at("Registered", snapshot.registered_at));
    said.extend(at("Last used", snapshot.last_seen_at));
}

/// An address that the destination would refuse is said in words: it may still lead somewhere.
fn put_email(address: String, verified: Option<Verified>, person: &mut Person, said: &mut Vec<String>) {
    let fits = address.split_once('@').is_some_and(|(local, domain)| {
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic() && !"\"(),:;<>@[]\\".contains(c));
        let dots = |text: &str| !text.is_empty() && text.split('.').all(|part| !part.is_empty());
        local.len() <= 64 && dots(local) && dots(domain) && domain.contains('.') && plain(local) && plain(domain)
    });
    if fits && address.len() <= 255 {
        person.emails.push(Email { address, verified, ..Email::default() });
    } else {
        said.push(format!("E-mail address as recorded: {address}."));
    }
}

fn has(events: &[IpEvent], other: &IpEvent) -> bool {
    events.iter().any(|event| (event.address, event.kind, event.at) == (other.address, other.kind, other.at))
}

fn device(id_value: String, kind: Option<IpKind>, at: Option<Timestamp>) -> Device {
    Device { id_type: "The platform's id of the device".to_owned(), id_value, kind, at }
}

/// An address as the platform says it: its kind is never guessed (US-16).
fn network_event(event: &NetworkEvent) -> IpEvent {
    IpEvent {
        address: event.address,
        kind: Some(match event.kind {
            EventKind::Upload => IpKind::Upload,
            EventKind::Login => IpKind::Login,
            EventKind::Registration => IpKind::Registration,
            EventKind::Purchase => IpKind::Purchase,
            EventKind::Other => IpKind::Other,
            EventKind::Unknown => IpKind::Unknown,
        }),
        at: Some(event.at),
        port: event.port,
        possible_proxy: None,
    }
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

/// From where an account took part in streams: it broadcast, it watched, it paid.
fn in_streams(one: &Involved, known: &Context) -> Vec<IpEvent> {
    let Some(account) = &one.account else { return Vec::new() };
    let event =
        |address, kind, at, port| IpEvent { address, kind: Some(kind), at: Some(at), port, possible_proxy: None };
    let mut events: Vec<IpEvent> = Vec::new();
    for stream in known.streams.iter().flatten() {
        let broadcasts = stream.account.as_ref() == Some(account);
        let from = stream.address.filter(|_| broadcasts);
        events.extend(from.map(|address| event(address, IpKind::Upload, stream.started_at, stream.port)));
        let took_part = stream.participants.iter().filter(|one| one.account.as_ref() == Some(account));
        for place in took_part.flat_map(|one| &one.places) {
            events.push(event(place.address, IpKind::Other, place.at, place.port));
        }
    }
    events
}

/// The streams in which it happened, in words; who took part stands with the conversation.
fn streamed(streams: &[StreamSnapshot]) -> impl Iterator<Item = String> {
    streams.iter().map(|stream| {
        let end = stream.ended_at.map_or_else(|| "was still running".to_owned(), |end| format!("ended {end}"));
        let paid = stream.participants.iter().filter(|one| !one.payments.is_empty()).count();
        format!(
            "It happened in a live stream, {} by the platform's id, that began {} and {end} when this was gathered; {} took part, of \
             whom {paid} paid.",
            stream.content_id,
            stream.started_at,
            stream.participants.len()
        )
    })
}

/// What else the platform answered, in words: other media by its ids, earlier reports by their numbers, links.
fn around_it(known: &Context) -> Vec<String> {
    let mut said = Vec::new();
    let related: Vec<&str> = known.related.iter().flatten().map(|one| one.content_id.as_str()).collect();
    if !related.is_empty() {
        said.push(format!("Other media that belongs to it, by the platform's ids: {}.", related.join(", ")));
    }
    // Numbers that somebody else wrote down are no `priorCTReports`: one wrong number, and the destination refuses it all.
    for prior in known.prior_reports.iter().flatten() {
        let at = prior.at.map_or_else(String::new, |at| format!(" on {at}"));
        said.push(format!("Reported before, as the platform says, to {} as {}{at}.", prior.authority, prior.number));
    }
    let links: Vec<&str> = known.links.iter().flatten().map(|one| one.url.as_str()).collect();
    if !links.is_empty() {
        said.push(format!("Links around it: {}", links.join(" ")));
    }
    said
}

/// The stream that a file shows: both are the same content to the platform.
fn shown_by<'a>(item: &Item, streams: &'a [StreamSnapshot]) -> Option<&'a StreamSnapshot> {
    streams.iter().find(|stream| stream.content_id == item.content_id)
}

fn file(
    item: &Item,
    stream: Option<&StreamSnapshot>,
    annotations: &BTreeSet<FileAnnotation>,
    exif: Vec<(String, String)>,
) -> DraftFile {
    let facts = item.facts.as_ref();
    let mut annotations = annotations.clone();
    annotations.extend(stream.map(|_| FileAnnotation::LiveStreaming));
    let broadcast = |stream: &StreamSnapshot| {
        let at = Some(stream.started_at);
        let address = stream.address?;
        Some(IpEvent { address, kind: Some(IpKind::Upload), at, port: stream.port, possible_proxy: None })
    };
    let found = match item.strength {
        Some(Strength::Exact) => "Matched a list of known material by exact digest of the file.",
        Some(Strength::Near) => {
            "Matched a list of known material by similarity of the picture; a possible match until a person confirmed it."
        }
        None if stream.is_some() => "Kept of a live stream, for what happened in it.",
        None => "Came with a person's notice; no list of known material was found to know it.",
    };
    let digest = |algorithm: &str, bytes: &[u8]| Digest { algorithm: algorithm.to_owned(), value: hex::encode(bytes) };
    let pair = |name: &str, value: &str| NameValue { name: name.to_owned(), value: value.to_owned() };
    let named = facts.and_then(|facts| facts.file_name.as_deref());
    let details = FileDetails {
        report_id: 0,
        file_id: String::new(),
        original_file_name: named.map(str::to_owned),
        uploaded_at: facts.and_then(|facts| facts.uploaded_at).map(|at| at.min(item.received_at)),
        location: facts.and_then(|facts| facts.urls.first()).or_else(|| stream?.urls.first()).cloned(),
        viewing: Viewing::UNSTATED,
        publicly_available: facts.and_then(|facts| facts.public),
        relevance: Relevance::reported(annotations, None),
        original_hashes: vec![
            digest("MD5", &item.digests.md5),
            digest("SHA1", &item.digests.sha1),
            digest("SHA256", &item.digests.sha256),
        ],
        ip_event: facts.and_then(|facts| ip_event(item, facts)).or_else(|| broadcast(stream?)),
        devices: facts
            .and_then(|facts| facts.device.clone())
            .map(|id| device(id, Some(IpKind::Upload), Some(incident_time(item))))
            .into_iter()
            .collect(),
        details: Pairs {
            exif: exif.into_iter().map(|(name, value)| NameValue { name, value }).collect(),
            hashes: item.frames.first().map(|(pdq, _)| pair("PDQ", pdq)).into_iter().collect(),
            ..Pairs::default()
        },
        additional_info: std::iter::once(found.to_owned()).chain(stream.map(of_a_stream)).collect(),
    };
    let mut notes = Notes::default();
    notes.from("/fileDetails", Origin::Upload);
    notes.from("/fileDetails/fileAnnotations", Origin::Decision);
    notes.from("/fileDetails/additionalInfo", Origin::Record);
    let name = named.map_or_else(|| item.id.to_string(), str::to_owned);
    DraftFile {
        item: item.id,
        name,
        md5: hex::encode(item.digests.md5),
        details,
        origins: notes.0,
        level: Level::default(),
        text: None,
    }
}

/// That a file shows a stream, and when that was.
fn of_a_stream(stream: &StreamSnapshot) -> String {
    let end = stream.ended_at.map_or_else(String::new, |end| format!(" and ended {end}"));
    format!(
        "It shows a live stream, {} by the platform's id, that began {}{end}.",
        stream.content_id, stream.started_at
    )
}

/// What the report does not say, and why (18 U.S.C. 2258A(b): what is reasonably available).
fn absent(tip: &Tip, uploads: &[Item], known: &Context, standing: Option<context::State>) -> Vec<Absent> {
    let account = tip.reported.as_ref().map(|reported| &reported.account);
    let person = account.and_then(|account| account.person.as_ref());
    let mut absent = Vec::new();
    let mut add = |what: &str, why, reason: String| absent.push(Absent { what: what.to_owned(), why, reason });
    let platform = |part: bool| match standing {
        _ if part || known.complete => (Why::NotApplicable, "the platform answered that there is none"),
        Some(context::State::Late) => {
            (Why::NotReasonablyAvailable, "the platform was asked and did not answer in time")
        }
        Some(context::State::NotAsked) | None => {
            (Why::NotReasonablyAvailable, "the platform has no endpoint that could be asked")
        }
        Some(_) => (Why::NotReasonablyAvailable, "the platform has not answered this yet"),
    };
    let asked = known.account.is_some();
    let from_account = [
        ("The account's id", account.is_none_or(|account| account.esp_identifier.is_none())),
        ("E-mail addresses", person.is_none_or(|person| person.emails.is_empty())),
        ("Telephone numbers", person.is_none_or(|person| person.phones.is_empty())),
        ("Profile", account.is_none_or(|account| account.profile_urls.is_empty() && account.profile_bio.is_none())),
    ];
    for (what, gone) in from_account {
        if gone {
            let (why, reason) = platform(asked);
            add(what, why, reason.to_owned());
        }
    }
    let events = account.map_or(&[][..], |account| &account.ip_events);
    if uploads.is_empty() {
        add("Files", Why::NotApplicable, "nothing was uploaded; the incident is in the words".to_owned());
    } else if !events.iter().any(|event| event.kind == Some(IpKind::Upload)) {
        add("Upload address", Why::NotReasonablyAvailable, "the platform did not send it with the upload".to_owned());
    } else if events.iter().all(|event| event.port.is_none()) {
        add(
            "Port of the upload",
            Why::NotReasonablyAvailable,
            "the platform did not send it with the upload".to_owned(),
        );
    }
    if account.is_none_or(|account| account.devices.is_empty()) {
        let (why, reason) = platform(known.devices.is_some());
        add("Devices", why, reason.to_owned());
    }
    if known.messages().is_empty() {
        let (why, reason) = platform(known.thread.is_some());
        add("Conversation", why, reason.to_owned());
    }
    absent
}

/// Why no file says what a camera wrote into it.
fn absent_exif(files: &[DraftFile], unread: bool) -> Option<Absent> {
    let (why, reason) = if unread {
        (Why::NotReasonablyAvailable, "it could not be read of every file; each file carries what it has")
    } else {
        (Why::NotApplicable, "no file carries any that tells of a place, a time or a device")
    };
    let silent = !files.is_empty() && files.iter().all(|file| file.exif().next().is_none());
    silent.then(|| Absent { what: "EXIF".to_owned(), why, reason: reason.to_owned() })
}
