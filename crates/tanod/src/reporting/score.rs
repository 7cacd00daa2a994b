//! How much an officer can do with a report (US-19): what is missing, and what that costs. It informs; it blocks nothing.

use exchange::ncmec::document::{IpKind, Tip};
use serde::{Deserialize, Serialize};

use super::document::Draft;
use crate::provider::Provider;
use crate::web::languages::Language;

/// Below this a person is asked why it goes out all the same.
pub(super) const LOW: u32 = 50;

/// Points out of a hundred, with what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Score {
    /// Out of a hundred.
    pub points: u32,
    /// What the others would be for.
    pub missing: Vec<Missing>,
}

/// Something that an officer will look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Missing {
    /// Its name, by which pages say it in the reader's language.
    pub name: String,
    /// What.
    pub what: String,
    /// How many points it is worth.
    pub points: u32,
    /// What its absence costs the officer.
    pub costs: String,
}

impl Score {
    /// Whether a reason is asked for.
    pub fn is_low(&self) -> bool {
        self.points < LOW
    }
}

/// Weighs a report, and whether it would say of any of its files that somebody viewed all of it. The weights are those of US-19.
pub(super) fn of(draft: &Draft, seen: bool, provider: &Provider) -> Score {
    let mut score = Score { points: 0, missing: Vec::new() };
    let english = |kind: &str, name: &str| Language::default().say(format!("{kind}-{name}")).to_string();
    let mut weigh = |points: u32, there: bool, name: &str| {
        if there {
            score.points += points;
        } else {
            let (what, costs) = (english("score", name), english("score-cost", name));
            score.missing.push(Missing { name: name.to_owned(), what, points, costs });
        }
    };
    let plain = match &draft.tip {
        Tip::Plain(report) => Some(report),
        Tip::Batched(_) => None,
    };
    let account = plain.and_then(|report| report.reported.as_ref()).map(|reported| &reported.account);
    let person = account.and_then(|account| account.person.as_ref());
    let events = account.map_or(&[][..], |account| &account.ip_events);
    let uploads = || events.iter().filter(|event| event.kind == Some(IpKind::Upload));
    let chat = plain.is_some_and(|report| {
        use exchange::ncmec::document::InternetDetails as Internet;
        report
            .internet
            .iter()
            .any(|details| matches!(details, Internet::Chat(_) | Internet::Email(_) | Internet::Gaming(_)))
    });

    weigh(8, account.is_some_and(|one| one.esp_identifier.is_some()), "account-id");
    weigh(5, person.is_some_and(|one| !one.emails.is_empty()), "email");
    weigh(3, person.is_some_and(|one| !one.phones.is_empty()), "telephone");
    weigh(2, account.is_some_and(|one| one.screen_name.is_some()), "screen-name");
    // A report about words alone has no upload: any address of the account is as good.
    let files = draft.uploads().next().is_some();
    let addressed = if files { uploads().next().is_some() } else { !events.is_empty() };
    let ported = if files {
        uploads().any(|event| event.port.is_some())
    } else {
        events.iter().any(|event| event.port.is_some())
    };
    weigh(9, addressed, "address");
    weigh(7, ported, "port");
    weigh(7, files || chat, "content");
    weigh(7, chat || files && draft.absent.iter().all(|one| one.what != "Conversation"), "conversation");
    weigh(14, !files || seen, "viewed");
    let exact = plain.is_none_or(|report| {
        report.summary.incident_at_means.as_deref().is_some_and(|means| means.contains("as recorded by the platform"))
    });
    weigh(12, exact, "time");
    let located = account.is_some_and(|one| one.location.is_some())
        || person.is_some_and(|one| !one.addresses.is_empty())
        || !events.is_empty();
    weigh(10, located, "place");
    let classed = draft.uploads().all(|file| {
        file.details.relevance.classification().is_some() || !file.details.relevance.annotations().is_empty()
    });
    weigh(9, classed, "class");
    weigh(7, provider.advice().is_empty(), "contact");
    score
}
