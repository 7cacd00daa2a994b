//! How much an officer can do with a report (US-19): what is missing, and what that costs. It informs; it blocks nothing.

use exchange::ncmec::document::{IpKind, Tip};
use serde::{Deserialize, Serialize};

use super::document::Draft;
use super::viewing::Viewed;
use crate::provider::Provider;

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

/// Weighs a report, with what would be said of viewing its files. The weights are those of US-19.
pub(super) fn of(draft: &Draft, viewed: &[Viewed], provider: &Provider) -> Score {
    let mut score = Score { points: 0, missing: Vec::new() };
    let mut weigh = |points: u32, there: bool, what: &str, costs: &str| {
        if there {
            score.points += points;
        } else {
            score.missing.push(Missing { what: what.to_owned(), points, costs: costs.to_owned() });
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

    weigh(
        8,
        account.is_some_and(|one| one.esp_identifier.is_some()),
        "the account's id",
        "legal process cannot name an account",
    );
    weigh(
        5,
        person.is_some_and(|one| !one.emails.is_empty()),
        "an e-mail address",
        "the strongest lead to a person and to their other accounts is gone",
    );
    weigh(
        3,
        person.is_some_and(|one| !one.phones.is_empty()),
        "a telephone number",
        "a subscriber cannot be asked for",
    );
    weigh(
        2,
        account.is_some_and(|one| one.screen_name.is_some()),
        "a screen name",
        "it cannot be matched with what people saw",
    );
    // A report about words alone has no upload: any address of the account is as good.
    let files = draft.uploads().next().is_some();
    let addressed = if files { uploads().next().is_some() } else { !events.is_empty() };
    let ported = if files {
        uploads().any(|event| event.port.is_some())
    } else {
        events.iter().any(|event| event.port.is_some())
    };
    weigh(
        9,
        addressed,
        "the address of the upload, with its time",
        "an officer cannot ask an internet provider who it was",
    );
    weigh(7, ported, "the port of that address", "behind a shared address the subscriber cannot be told apart");
    weigh(7, files || chat, "a file or the words", "there is nothing to judge or to show a court");
    weigh(
        7,
        chat || files && draft.absent.iter().all(|one| one.what != "Conversation"),
        "the conversation around it",
        "intent, victim and whereabouts often stand only there",
    );
    let seen = viewed.iter().filter(|viewed| viewed.flag() == Some(true)).count();
    weigh(
        14,
        !files || seen > 0,
        "a file that a person viewed whole",
        "every file needs a warrant before it may be opened",
    );
    let exact = plain.is_none_or(|report| {
        report.summary.incident_at_means.as_deref().is_some_and(|means| means.contains("as recorded by the platform"))
    });
    weigh(
        12,
        exact,
        "the time of the incident itself",
        "providers keep addresses by time; a wrong hour finds the wrong person",
    );
    let located = account.is_some_and(|one| one.location.is_some())
        || person.is_some_and(|one| !one.addresses.is_empty())
        || !events.is_empty();
    weigh(10, located, "any place", "the report cannot be sent to a police force that is in charge");
    let classed = draft.uploads().all(|file| {
        file.details.relevance.classification().is_some() || !file.details.relevance.annotations().is_empty()
    });
    weigh(
        9,
        classed,
        "a class or a note for each file (A1 to B2, meme, viral …)",
        "it looks like every other report, and waits in line with memes",
    );
    weigh(
        7,
        provider.advice().is_empty(),
        "how to reach you at night, how long you keep data",
        "data are gone before legal process arrives",
    );
    score
}
