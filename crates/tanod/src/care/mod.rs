//! Care for the people who look: what they agreed to, how much they saw, when it is enough, and that they may stop at any time.
//!
//! Nobody counts how fast anybody works. The numbers here are their person's own; no address shows them to anybody else. They do
//! not show that somebody is well: that is for people to ask.

pub mod api;
mod exposure;
pub mod pages;
mod store;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::sessions::{self, passkeys};
use crate::accounts::{Caller, NOT_YOURSELF, Permission, UNKNOWN_NAME};
use crate::audit::{self, Entry};
use crate::config::Looking;
use crate::intake;
use crate::matching::Hit;
use crate::operator::Profile;
use crate::refusal::{Error, Kind, Result};
use crate::review;
use crate::store::{ItemId, PersonId, Recorded, Tx};

pub use exposure::{Exposure, Look};

/// Looking without having agreed to it, or without training.
pub static NOT_AGREED: Kind = Kind::new(
    403,
    "care-not-agreed",
    "Nobody looks here before they agreed to and were trained for it.",
    "Agree on the page Care, and ask your lead to write down your training. You may take it back at any time.",
);
/// Looking while one said that one does not.
pub static RESTING: Kind = Kind::new(
    409,
    "care-resting",
    "You said that you do not look now.",
    "Nobody asks why. When you want to go on, say so on the page Care.",
);
/// Looking after what a day allows.
pub static ENOUGH: Kind = Kind::new(
    409,
    "care-enough",
    "This is enough for a day.",
    "Do something else, or let somebody else take the case. A child in danger now is not held back by this.",
);
/// Looking when a break is due.
pub static PAUSE: Kind = Kind::new(
    409,
    "care-break",
    "A break is due.",
    "Stand up and look at something far away; the detail says until when.",
);
/// Severe material at the end of a shift.
pub static LATE: Kind = Kind::new(
    409,
    "care-late",
    "Your shift ends soon, and this is severe.",
    "Leave it to the next shift, or take something milder.",
);
/// What one chose not to look at.
pub static OPTED_OUT: Kind = Kind::new(
    409,
    "care-opted-out",
    "You chose not to look at this category.",
    "Give the case back, and somebody else takes it. You can change your choice on the page Care.",
);
/// A category that there is not.
pub static UNKNOWN_CATEGORY: Kind = Kind::new(
    422,
    "unknown-category",
    "There is no such category.",
    "The categories are A1, A2, B1, B2 and unclassified.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&NOT_AGREED, &RESTING, &ENOUGH, &PAUSE, &LATE, &OPTED_OUT, &UNKNOWN_CATEGORY];

/// What an upload can be classified as before anybody of the house looked (NCMEC's industry classification), and what it is when
/// no list says.
pub const CATEGORIES: [&str; 5] = ["A1", "A2", "B1", "B2", "unclassified"];

/// How the people who look are cared for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether agreeing and training come before the first look.
    pub agreement: Agreement,
    /// Uploads that one person sees without the veil in 24 hours; 0 for no ceiling.
    pub daily_files: i64,
    /// Minutes of looking without the veil in 24 hours; 0 for no ceiling.
    pub daily_minutes: i64,
    /// After so many minutes with looks a break is due; 0 for none.
    pub break_after_minutes: i64,
    /// How long a break is, and how long without a look counts as one.
    pub break_minutes: i64,
    /// In the last minutes of a shift nothing severe is looked at; 0 for no such time.
    pub late_minutes: i64,
    /// After so many severe cases in a row the next one taken is of another kind, where there is one; 0 for never.
    pub rotate_after: usize,
    /// Which categories are severe.
    pub severe: Vec<String>,
    /// Whom somebody can talk to, in the operator's words: a telephone number, a name, hours.
    pub support_line: String,
}

/// Whether agreeing and training come before the first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Nobody looks without.
    Required,
    /// They are written down where somebody gives them.
    Offered,
}

impl Settings {
    fn is_severe(&self, category: &str) -> bool {
        self.severe.iter().any(|severe| severe == category)
    }
}

/// What somebody chose and said about themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Choices {
    /// When they agreed to look.
    #[schema(value_type = Option<String>)]
    pub agreed_at: Option<Timestamp>,
    /// What they were trained with.
    pub training: Option<String>,
    /// When that was written down.
    #[schema(value_type = Option<String>)]
    pub trained_at: Option<Timestamp>,
    /// Since when they do not look, because they said so.
    #[schema(value_type = Option<String>)]
    pub resting_since: Option<Timestamp>,
    /// Categories that they do not look at.
    pub opted_out: Vec<String>,
    /// When their shift ends, where they said so.
    #[schema(value_type = Option<String>)]
    pub shift_ends_at: Option<Timestamp>,
    /// How thick their veil is at least, from 1 to 4.
    pub veil: Option<i64>,
    /// Whether pictures come to them as lines alone, until they ask for more.
    pub edges: bool,
}

/// How it stands with whoever asks.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Care {
    /// What they chose.
    #[serde(flatten)]
    pub choices: Choices,
    /// What they saw in the last 24 hours.
    pub today: Exposure,
    /// And in the last seven days.
    pub week: Exposure,
    /// Until when a break is due.
    #[schema(value_type = Option<String>)]
    pub break_until: Option<Timestamp>,
}

fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How it stands with whoever asks. Nobody asks for another.
pub async fn own(tx: &mut Tx, caller: &Caller, settings: &Settings) -> Result<Care> {
    caller.require(Permission::SeeDepictions)?;
    let (person, now) = (caller.person()?, tx.now());
    let week = store::looks(tx, person, before(now, SignedDuration::from_hours(7 * 24))).await?;
    let day = before(now, SignedDuration::from_hours(24));
    let today: Vec<Look> = week.iter().filter(|look| look.at > day).cloned().collect();
    Ok(Care {
        choices: store::choices(tx, person).await?,
        break_until: exposure::break_until(&today, now, settings),
        today: Exposure::of(&today, now),
        week: Exposure::of(&week, now),
    })
}

/// How severe an upload is, by the lists that know it: what is known before anybody looks.
pub async fn severity(tx: &mut Tx, item: ItemId) -> Result<&'static str> {
    Ok(severity_of(&intake::matches(tx, item).await?))
}

/// The same, of what the lists said of it.
pub fn severity_of(hits: &[Hit]) -> &'static str {
    let worst = hits.iter().filter_map(|hit| hit.classification.as_deref()).min();
    CATEGORIES.into_iter().find(|category| Some(*category) == worst).unwrap_or("unclassified")
}

/// How it stands with somebody who is about to look: read once, asked of many uploads.
pub struct Looker {
    now: Timestamp,
    /// Why nobody looks in this session: no passkey opened it, where the house asks for one.
    barred: Option<&'static Kind>,
    choices: Choices,
    looks: Vec<Look>,
    session_ends_at: Option<Timestamp>,
}

/// How it stands with the caller.
pub async fn looker(tx: &mut Tx, caller: &Caller, house: &crate::config::Settings) -> Result<Looker> {
    let (person, now) = (caller.person()?, tx.now());
    let barred = match passkeys::before_depictions(tx, caller, &house.sign_in).await {
        Ok(()) => None,
        Err(Error::Refused(refusal)) => Some(refusal.kind),
        Err(error) => return Err(error),
    };
    let choices = store::choices(tx, person).await?;
    let looks = store::looks(tx, person, before(now, SignedDuration::from_hours(24))).await?;
    let session_ends_at = match choices.shift_ends_at.filter(|ends| *ends > now) {
        Some(_) => None,
        None => sessions::ends_at(tx, caller).await?,
    };
    Ok(Looker { now, barred, choices, looks, session_ends_at })
}

impl Looker {
    /// Whether this person looks at an upload of this category now. Under the veil only what they said themselves counts; without
    /// it also what they have seen today. A case in which a child may be in danger now is held back by none of the second kind.
    pub fn may(
        &self,
        item: ItemId,
        category: &'static str,
        veiled: bool,
        urgent: bool,
        settings: &Settings,
    ) -> Result<()> {
        let (choices, now) = (&self.choices, self.now);
        if let Some(kind) = self.barred {
            return Err(kind.into());
        }
        if settings.agreement == Agreement::Required && (choices.agreed_at.is_none() || choices.trained_at.is_none()) {
            return Err((&NOT_AGREED).into());
        }
        if choices.resting_since.is_some() {
            return Err((&RESTING).into());
        }
        if choices.opted_out.iter().any(|out| out == category) {
            return Err((&OPTED_OUT).into());
        }
        if veiled || urgent {
            return Ok(());
        }
        let seen = Exposure::of(&self.looks, now);
        let again = self.looks.iter().any(|look| look.item == item && !look.veiled);
        let full = |most: i64, n: i64| most > 0 && n >= most;
        if (full(settings.daily_files, seen.files) && !again) || full(settings.daily_minutes, seen.minutes) {
            return Err((&ENOUGH).into());
        }
        if let Some(until) = exposure::break_until(&self.looks, now, settings) {
            return Err(PAUSE.because(format!("until {}", until.strftime("%H:%M UTC"))));
        }
        if settings.is_severe(category) {
            let ends = choices.shift_ends_at.filter(|ends| *ends > now).or(self.session_ends_at);
            let late =
                ends.is_some_and(|ends| ends.duration_since(now) <= SignedDuration::from_mins(settings.late_minutes));
            if settings.late_minutes > 0 && late {
                return Err((&LATE).into());
            }
        }
        Ok(())
    }
}

/// Whether the caller looks at this one upload now.
pub async fn may_look(
    tx: &mut Tx,
    caller: &Caller,
    item: ItemId,
    veiled: bool,
    urgent: bool,
    house: &crate::config::Settings,
) -> Result<()> {
    let category = severity(tx, item).await?;
    looker(tx, caller, house).await?.may(item, category, veiled, urgent, &house.care)
}

/// What is to be kept from somebody who takes the next case: categories they chose not to see, and after so many severe ones in
/// a row, the severe ones for once where there is anything else.
pub async fn keep_from(tx: &mut Tx, caller: &Caller, settings: &Settings) -> Result<(Vec<String>, bool)> {
    let person = caller.person()?;
    let out = store::choices(tx, person).await?.opted_out;
    let since = before(tx.now(), SignedDuration::from_hours(24));
    let row =
        exposure::severe_in_a_row(&store::looks(tx, person, since).await?, |category| settings.is_severe(category));
    Ok((out, settings.rotate_after > 0 && row >= settings.rotate_after))
}

/// Agrees to look, or takes it back.
pub async fn agree(tx: &mut Tx, caller: &Caller, agrees: bool) -> Result<Recorded> {
    caller.require(Permission::SeeDepictions)?;
    let person = caller.person()?;
    store::set_agreed(tx, person, agrees).await?;
    let kind = if agrees { "care.agreed" } else { "care.agreed_no_more" };
    audit::record(tx, Entry::by(caller, kind).about(person)).await
}

/// Writes down that somebody was trained. Another person does so, but where there is only one.
pub async fn trained(
    tx: &mut Tx,
    caller: &Caller,
    person: PersonId,
    training: &str,
    profile: Profile,
) -> Result<Recorded> {
    caller.require(Permission::ApproveDecisions)?;
    if profile != Profile::Solo && caller.person().is_ok_and(|own| own == person) {
        return Err((&NOT_YOURSELF).into());
    }
    if training.trim().chars().count() < 8 {
        return Err(review::NO_REASON.because("say which training it was, and when"));
    }
    if !store::set_trained(tx, person, training, caller.person()?).await? {
        return Err((&UNKNOWN_NAME).into());
    }
    audit::record(tx, Entry::by(caller, "care.trained").about(person)).await
}

/// Says that one does not look now, and gives every case back. No reason is asked for, and none is kept.
pub async fn rest(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    let person = caller.person()?;
    store::set_resting(tx, person, true).await?;
    review::give_all_back(tx, caller).await?;
    audit::record(tx, Entry::by(caller, "care.resting").about(person)).await
}

/// Goes on.
pub async fn go_on(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    let person = caller.person()?;
    store::set_resting(tx, person, false).await?;
    audit::record(tx, Entry::by(caller, "care.going_on").about(person)).await
}

/// Chooses what one does not look at. No explanation is asked for, and the record does not say what it is.
pub async fn opt_out(tx: &mut Tx, caller: &Caller, categories: &[String]) -> Result<Recorded> {
    caller.require(Permission::SeeDepictions)?;
    if let Some(unknown) = categories.iter().find(|category| !CATEGORIES.contains(&category.as_str())) {
        return Err(UNKNOWN_CATEGORY.because(unknown.chars().take(40).collect::<String>()));
    }
    let person = caller.person()?;
    store::set_opted_out(tx, person, categories).await?;
    audit::record(tx, Entry::by(caller, "care.chose").about(person)).await
}

/// How pictures come to the caller: as the settings say, or stricter where they chose so.
pub async fn looking(tx: &mut Tx, caller: &Caller, settings: Looking) -> Result<Looking> {
    let own = store::choices(tx, caller.person()?).await?;
    let veil = own.veil.and_then(|veil| u8::try_from(veil).ok()).unwrap_or(0);
    let veil = decode::Veil::of(settings.veil.max(veil)).strength();
    Ok(Looking { veil, edges: settings.edges || own.edges, ..settings })
}

/// Chooses how pictures come to oneself. What is laxer than the settings has no effect.
pub async fn choose_looking(tx: &mut Tx, caller: &Caller, veil: u8, edges: bool) -> Result<Recorded> {
    caller.require(Permission::SeeDepictions)?;
    let person = caller.person()?;
    store::set_looking(tx, person, i64::from(decode::Veil::of(veil).strength()), edges).await?;
    audit::record(tx, Entry::by(caller, "care.chose").about(person)).await
}

/// Says when one's shift ends.
pub async fn shift_ends(tx: &mut Tx, caller: &Caller, at: Option<Timestamp>) -> Result<Recorded> {
    caller.require(Permission::SeeDepictions)?;
    let person = caller.person()?;
    store::set_shift_end(tx, person, at).await?;
    audit::record(tx, Entry::by(caller, "care.shift").about(person)).await
}
