//! What the platform can say around a case, part by part: strict, with a limit on every length and count.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BAD_CONTEXT;
use crate::refusal::Result;
use crate::review::worklist::Known;
use crate::store::StreamId;

/// One answer of the platform. A part that is absent stays as it was; one that is there, also an empty one, replaces it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The account as it is now, before anything is done to it (US-31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Snapshot>,
    /// Addresses that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<NetworkEvent>>,
    /// Devices that it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<Device>>,
    /// What was written around the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Vec<Message>>,
    /// Other copies, and media that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Vec<Related>>,
    /// Reports that were made about this account before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_reports: Option<Vec<PriorReport>>,
    /// Where it links to, and from where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// Streams in which it happened, as they were told to POST /v1/streams. Nobody sends this part: it is sealed from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<StreamSnapshot>>,
    /// The platform has no more to say, whatever is absent.
    #[serde(default)]
    pub complete: bool,
}

impl Context {
    /// Everything that was written, in the thread and in streams.
    pub fn messages(&self) -> Vec<Message> {
        let chat = self.streams.iter().flatten().flat_map(|stream| &stream.chat);
        self.thread.iter().flatten().chain(chat).cloned().collect()
    }

    /// What a case is found by: the account's addresses and telephone numbers, where it came from, its devices, what was paid with.
    pub fn words(&self) -> Vec<(Known, String)> {
        let account = self.account.iter();
        let emails = account.clone().flat_map(|account| account.emails.iter().map(|email| email.address.clone()));
        let phones = account.clone().flat_map(|account| account.phones.iter().map(|phone| phone.number.clone()));
        let names = account.flat_map(|account| account.screen_names.iter().cloned());
        let addresses = self.events.iter().flatten().map(|event| event.address.to_string());
        let took_part = self.streams.iter().flatten().flat_map(|stream| &stream.participants);
        let accounts = took_part.clone().filter_map(|one| one.account.clone()).map(|one| (Known::Name, one));
        let places =
            took_part.clone().flat_map(|one| &one.places).map(|place| (Known::Address, place.address.to_string()));
        let payments = took_part.clone().flat_map(|one| &one.payments);
        let payments = payments.flat_map(|payment| [payment.reference.clone(), payment.instrument.clone()]).flatten();
        let payments = payments.map(|one| (Known::Payment, one));
        let devices = self.devices.iter().flatten().map(|device| (Known::Device, device.id.clone()));
        let (emails, phones) = (emails.map(|one| (Known::Email, one)), phones.map(|one| (Known::Telephone, one)));
        let (names, addresses) = (names.map(|one| (Known::Name, one)), addresses.map(|one| (Known::Address, one)));
        // What is two things at once is kept as the last of them.
        names
            .chain(accounts)
            .chain(emails)
            .chain(phones)
            .chain(addresses)
            .chain(places)
            .chain(payments)
            .chain(devices)
            .collect()
    }
}

/// A part of a context, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The account as it is now.
    Account,
    /// Addresses.
    Events,
    /// Devices.
    Devices,
    /// Messages.
    Thread,
    /// Copies and related media.
    Related,
    /// Earlier reports.
    PriorReports,
    /// Links.
    Links,
    /// Streams. Never asked for.
    Streams,
}

impl Part {
    /// What the platform is asked for.
    pub const ASKED: [Self; 7] =
        [Self::Account, Self::Events, Self::Devices, Self::Thread, Self::Related, Self::PriorReports, Self::Links];
}

/// An account, as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The platform's own id of it.
    pub id: String,
    /// As other users see it, now and before.
    #[serde(default)]
    pub screen_names: Vec<String>,
    /// The name that was given at registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub emails: Vec<Email>,
    /// Telephone numbers.
    #[serde(default)]
    pub phones: Vec<Phone>,
    /// Where its profile is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
    /// What stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_text: Option<String>,
    /// How old its owner says they are, in years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_stated_age: Option<u8>,
    /// The platform has reason to think that its owner is a child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like_minor: Option<bool>,
    /// When it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub registered_at: Option<Timestamp>,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last_seen_at: Option<Timestamp>,
}

impl Snapshot {
    /// Whether what is said makes its owner likely to be a child.
    pub fn likely_minor(&self) -> bool {
        self.looks_like_minor == Some(true) || self.self_stated_age.is_some_and(|age| age < 18)
    }
}

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether a message to it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// The number, as international as it is known.
    pub number: String,
    /// Whether a message to it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// What an address was seen doing. Never a guess: `unknown` is a true answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The content was uploaded from it.
    Upload,
    /// Somebody signed in from it.
    Login,
    /// The account was registered from it.
    Registration,
    /// Something was bought from it.
    Purchase,
    /// Something else.
    Other,
    /// Nobody knows what.
    Unknown,
}

/// An address at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkEvent {
    /// The address (US-16).
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// The source port: behind shared addresses the address alone finds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it was seen doing.
    pub kind: EventKind,
    /// When, with an offset (US-11).
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The platform's own id of it.
    pub id: String,
    /// What it is, or says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub first_seen_at: Option<Timestamp>,
    /// When it was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last_seen_at: Option<Timestamp>,
}

/// A message of the thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The platform's id of the account that wrote it.
    pub sender: String,
    /// When, with an offset.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What was written.
    #[serde(default)]
    pub text: String,
    /// Content that was sent with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_ids: Vec<String>,
}

/// How media belongs to the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Another copy of the same file.
    Copy,
    /// Sent in the same thread.
    SameThread,
    /// Of the same account.
    SameAccount,
    /// Something else.
    Other,
}

/// Media that belongs to the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// The platform's own id of the content.
    pub content_id: String,
    /// How it belongs.
    pub relation: Relation,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Its digest, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where it can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub uploaded_at: Option<Timestamp>,
}

/// An earlier report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorReport {
    /// To whom.
    pub authority: String,
    /// Its number there.
    pub number: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where to.
    pub url: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

/// A stream as it was at one time: who took part, from where and from when to when, what they paid, what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSnapshot {
    /// Which stream.
    pub stream: StreamId,
    /// The platform's own id of it.
    pub content_id: String,
    /// Where users see it.
    pub urls: Vec<String>,
    /// The account that broadcasts.
    pub account: Option<String>,
    /// From which address.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// From which port.
    pub port: Option<u16>,
    /// When it began.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// When it was over; absent while it ran.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// When this was written down.
    #[schema(value_type = String)]
    pub taken_at: Timestamp,
    /// Everybody who came, wrote, paid or told something.
    pub participants: Vec<Participant>,
    /// What was written.
    pub chat: Vec<Message>,
}

/// Somebody who took part in a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// The platform's id of the account, where there is one.
    pub account: Option<String>,
    /// From where.
    pub places: Vec<Place>,
    /// From when to when.
    pub visits: Vec<Visit>,
    /// What they paid.
    pub payments: Vec<Payment>,
    /// Whether they reported it.
    pub reported: bool,
}

/// An address that somebody took part from (US-16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The address.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// The source port.
    pub port: Option<u16>,
    /// When it was first seen.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A stay in a stream. Who was there before we heard of it has no beginning, who is still there no end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// From when.
    #[schema(value_type = Option<String>)]
    pub joined_at: Option<Timestamp>,
    /// To when.
    #[schema(value_type = Option<String>)]
    pub left_at: Option<Timestamp>,
}

/// A payment in a stream, by the platform's reference. Card data is never taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// The platform's reference.
    pub reference: Option<String>,
    /// The platform's mark of what was paid with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// How much, in the smallest unit.
    pub amount_minor: Option<i64>,
    /// In which currency.
    pub currency: Option<String>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Of each stream what was written down last.
fn newest(later: Option<Vec<StreamSnapshot>>, known: Option<Vec<StreamSnapshot>>) -> Option<Vec<StreamSnapshot>> {
    let (Some(later), Some(mut all)) = (later.clone(), known.clone()) else { return later.or(known) };
    all.retain(|before| later.iter().all(|one| one.stream != before.stream));
    all.extend(later);
    Some(all)
}

const MOST_EVENTS: usize = 5_000;
const MOST_MESSAGES: usize = 5_000;
const MOST_RELATED: usize = 2_000;
const MOST_OTHERS: usize = 500;

impl Context {
    /// Reads an answer, and refuses what is too long, malformed or unknown.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(BAD_CONTEXT.because("it is not a JSON object"));
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| BAD_CONTEXT.because(error.to_string()))?;
        if read.streams.is_some() {
            return Err(BAD_CONTEXT.because("streams come by POST /v1/streams, and by nothing else"));
        }
        match read.fault() {
            Some(fault) => Err(BAD_CONTEXT.because(fault)),
            None if read.parts().is_empty() && !read.complete => {
                Err(BAD_CONTEXT.because("it says nothing: send a part, or `complete` if there is nothing to say"))
            }
            None => Ok(read),
        }
    }

    /// Which parts are there.
    pub fn parts(&self) -> Vec<Part> {
        let there = [
            (Part::Account, self.account.is_some()),
            (Part::Events, self.events.is_some()),
            (Part::Devices, self.devices.is_some()),
            (Part::Thread, self.thread.is_some()),
            (Part::Related, self.related.is_some()),
            (Part::PriorReports, self.prior_reports.is_some()),
            (Part::Links, self.links.is_some()),
            (Part::Streams, self.streams.is_some()),
        ];
        there.into_iter().filter(|(_, there)| *there).map(|(part, _)| part).collect()
    }

    /// This answer on top of what was known.
    #[must_use]
    pub fn over(self, known: Self) -> Self {
        Self {
            account: self.account.or(known.account),
            events: self.events.or(known.events),
            devices: self.devices.or(known.devices),
            thread: self.thread.or(known.thread),
            related: self.related.or(known.related),
            prior_reports: self.prior_reports.or(known.prior_reports),
            links: self.links.or(known.links),
            streams: newest(self.streams, known.streams),
            complete: self.complete || known.complete,
        }
    }

    fn fault(&self) -> Option<String> {
        fn count(name: &str, n: usize, most: usize) -> Option<String> {
            (n > most).then(|| format!("{name} must have at most {most} entries"))
        }
        let said = |name: &str, text: &str, most: usize| {
            let fits = !text.trim().is_empty() && text.chars().count() <= most;
            (!fits).then(|| format!("{name} must have 1 to {most} characters"))
        };
        let maybe = |name: &str, text: Option<&String>, most: usize| text.and_then(|text| said(name, text, most));
        let url = |name: &str, url: &str| {
            let fits = exchange::ncmec::url_fits(url);
            (!fits).then(|| format!("{name} must be absolute (http or https), without spaces, at most 2083 characters"))
        };
        let account = self.account.as_ref().and_then(|account| {
            let names = account.screen_names.iter().find_map(|name| said("account.screen_names", name, 256));
            let email = account.emails.iter().find_map(|email| {
                let fits = email.address.contains('@') && email.address.chars().count() <= 255;
                (!fits).then(|| "account.emails must hold e-mail addresses of at most 255 characters".to_owned())
            });
            let phone = account.phones.iter().find_map(|phone| said("account.phones", &phone.number, 50));
            said("account.id", &account.id, 255)
                .or_else(|| count("account.screen_names", account.screen_names.len(), MOST_OTHERS))
                .or_else(|| count("account.emails", account.emails.len(), MOST_OTHERS))
                .or_else(|| count("account.phones", account.phones.len(), MOST_OTHERS))
                .or(names)
                .or(email)
                .or(phone)
                .or_else(|| maybe("account.full_name", account.full_name.as_ref(), 256))
                .or_else(|| account.profile_url.as_ref().and_then(|at| url("account.profile_url", at)))
                .or_else(|| maybe("account.profile_text", account.profile_text.as_ref(), 20_000))
        });
        let events = self.events.iter().flatten();
        let port = events.clone().find(|event| event.port == Some(0));
        let devices = self.devices.iter().flatten().find_map(|device| {
            said("devices.id", &device.id, 255)
                .or_else(|| maybe("devices.description", device.description.as_ref(), 2_000))
        });
        let thread = self.thread.iter().flatten().find_map(|message| {
            let long = message.text.chars().count() > 20_000;
            said("thread.sender", &message.sender, 255)
                .or_else(|| long.then(|| "thread.text must have at most 20000 characters".to_owned()))
                .or_else(|| count("thread.content_ids", message.content_ids.len(), 100))
                .or_else(|| message.content_ids.iter().find_map(|id| said("thread.content_ids", id, 255)))
        });
        let related = self.related.iter().flatten().find_map(|one| {
            let digest = one.sha256.as_ref().is_some_and(|text| hex::decode(text).ok().is_none_or(|b| b.len() != 32));
            said("related.content_id", &one.content_id, 255)
                .or_else(|| maybe("related.account", one.account.as_ref(), 255))
                .or_else(|| digest.then(|| "related.sha256 must have 64 hexadecimal digits".to_owned()))
                .or_else(|| one.url.as_ref().and_then(|at| url("related.url", at)))
        });
        let prior = self.prior_reports.iter().flatten().find_map(|one| {
            said("prior_reports.authority", &one.authority, 255)
                .or_else(|| said("prior_reports.number", &one.number, 100))
        });
        let links = self
            .links
            .iter()
            .flatten()
            .find_map(|one| url("links.url", &one.url).or_else(|| maybe("links.what", one.what.as_ref(), 1_000)));
        let many = |name, list: Option<usize>, most| list.and_then(|n| count(name, n, most));
        account
            .or_else(|| many("events", self.events.as_ref().map(Vec::len), MOST_EVENTS))
            .or_else(|| port.map(|_| "events.port must be 1 to 65535".to_owned()))
            .or_else(|| many("devices", self.devices.as_ref().map(Vec::len), MOST_OTHERS))
            .or(devices)
            .or_else(|| many("thread", self.thread.as_ref().map(Vec::len), MOST_MESSAGES))
            .or(thread)
            .or_else(|| many("related", self.related.as_ref().map(Vec::len), MOST_RELATED))
            .or(related)
            .or_else(|| many("prior_reports", self.prior_reports.as_ref().map(Vec::len), MOST_OTHERS))
            .or(prior)
            .or_else(|| many("links", self.links.as_ref().map(Vec::len), MOST_OTHERS))
            .or(links)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(Context::read(&bytes));
        }

        /// What was read is written and read back the same, and a later answer replaces its parts alone.
        #[test]
        fn a_later_answer_replaces_its_parts_and_leaves_the_others(
            sender in "[a-z]{1,9}", texts in proptest::collection::vec("\\PC{0,40}", 0..5), port in 1_u16.., with in any::<[bool; 3]>(),
        ) {
            let at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
            let message = |text: &String| Message { sender: sender.clone(), at, text: text.clone(), content_ids: Vec::new() };
            let first = Context {
                thread: with[0].then(|| texts.iter().map(message).collect()),
                events: with[1].then(|| {
                    vec![NetworkEvent { address: [192, 0, 2, 1].into(), port: Some(port), kind: EventKind::Unknown, at }]
                }),
                ..Context::default()
            };
            let written = serde_json::to_vec(&first).unwrap();
            prop_assert_eq!(Context::read(&written).ok(), (with[0] || with[1]).then(|| first.clone()));
            let later = Context { thread: with[2].then(Vec::new), ..Context::default() };
            let both = later.clone().over(first.clone());
            prop_assert_eq!(&both.events, &first.events);
            prop_assert_eq!(both.thread, if with[2] { later.thread } else { first.thread });
        }
    }
}
