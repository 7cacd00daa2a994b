//! Sessions: opened by a password and a second factor, seen and ended by their person, shut when nobody is there.

pub mod api;
pub mod factors;
pub mod pages;
pub mod passkeys;
pub mod providers;
mod store;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Caller, NOT_SIGNED_IN, Permission, UNKNOWN_NAME, later, new_token, store as accounts_store, token_hash};
use crate::audit::{self, Entry};
use crate::operator::Profile;
use crate::refusal::{Kind, Result};
use crate::store::{PersonId, Recorded, SessionId, Tx};

/// A session in which nobody did anything for a while.
pub static SHUT: Kind = Kind::new(
    401,
    "session-shut",
    "Nobody has done anything in this session for a while, so it is shut.",
    "Say who you are on the page that appears. Nothing is lost.",
)
.program("POST /v1/sessions/presence takes it.");
/// A password alone where that is not enough.
pub static NEEDS_FACTOR: Kind = Kind::new(
    403,
    "second-factor-needed",
    "Here nobody works with a password alone.",
    "Set up a passkey or an authenticator, on the page that the console shows.",
)
.program("POST /v1/passkeys/question or /v1/authenticator begins it.");
/// A change for which presence is asked, and which was given too long ago.
pub static NOT_PRESENT: Kind = Kind::new(
    403,
    "not-present",
    "This change asks once more who you are.",
    "Say it with a passkey, or with your password and code, on the page that the console shows; then do it again.",
)
.program("POST /v1/sessions/presence takes it.");
/// An address from which this person does not work.
pub static WRONG_PLACE: Kind = Kind::new(
    403,
    "wrong-place",
    "Nobody works from this address, or not this person.",
    "Use the network that your organisation allows. An administrator changes what is allowed: sign_in.networks, or a person's places.",
);
/// A session that nobody has.
pub static UNKNOWN_SESSION: Kind = Kind::new(
    404,
    "unknown-session",
    "There is no such session.",
    "It may have ended by itself; the list shows the sessions that are open.",
);

/// When a person is asked who they are, and from where they may work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether a password alone lets anybody work.
    pub second_factor: SecondFactor,
    /// Whether depictions are shown only in a session that a passkey opened.
    pub passkey_before_depictions: bool,
    /// Where people may sign in instead of with a password of ours.
    #[serde(default)]
    pub providers: Vec<providers::Settings>,
    /// Minutes without a request after which a session is shut until its person says who they are.
    pub idle_minutes: u32,
    /// Minutes for which having said who one is covers administrative changes.
    pub presence_minutes: u32,
    /// Hours after which a session ends.
    pub shift_hours: u32,
    /// Networks from which people may work; none listed is any.
    pub networks: Vec<ipnet::IpNet>,
    /// The header in which the proxy in front names the country of an address; empty where it does not.
    pub country_header: String,
}

/// Whether a password alone lets anybody work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// No: with a password alone one can only set up more.
    Required,
    /// Yes, for those who have not set one up.
    Offered,
}

/// By what a session was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProvedBy {
    /// A one-time link, where a password was chosen.
    Invitation,
    /// A password alone.
    Password,
    /// The word of a provider of identity, which is that of a password.
    Provider,
    /// A password and one of the codes for the day when the other factors are lost.
    RecoveryCode,
    /// The word of a provider who says that more than a password was proved, in a way that the settings accept.
    ProviderFactor,
    /// A password and an authenticator's code.
    Authenticator,
    /// A passkey: beside a password, or alone where the device made sure of its person.
    Passkey,
}

impl ProvedBy {
    /// Whether it is more than a password.
    pub fn is_second_factor(self) -> bool {
        self >= Self::RecoveryCode
    }
}

/// From where a request comes.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The address, where it is known.
    pub address: Option<std::net::IpAddr>,
    /// The country that the proxy in front names.
    pub country: Option<String>,
    /// What the program at the other end calls itself.
    pub browser: String,
}

/// A session as it stands, with the person in it.
#[derive(Debug)]
pub struct Standing {
    /// Who, with what their role and profile leave them.
    pub caller: Caller,
    /// By what it was opened.
    proved_by: ProvedBy,
    seen_at: Timestamp,
    networks: Vec<ipnet::IpNet>,
    countries: Vec<String>,
}

impl Standing {
    /// Refuses where nobody was there for a while, where a password alone is not enough, and from a place that is not allowed.
    pub fn admit(self, settings: &Settings, place: &Place, now: Timestamp) -> Result<Admitted> {
        self.in_place(settings, place)?;
        if now.duration_since(self.seen_at) > minutes(settings.idle_minutes) {
            return Err((&SHUT).into());
        }
        if settings.second_factor == SecondFactor::Required && !self.proved_by.is_second_factor() {
            return Err((&NEEDS_FACTOR).into());
        }
        let stirs = now.duration_since(self.seen_at) >= SignedDuration::from_mins(1);
        Ok(Admitted { caller: self.caller, stirs })
    }

    /// Refuses only from a place that is not allowed: for saying who one is, setting up a factor and signing out.
    pub fn in_place(&self, settings: &Settings, place: &Place) -> Result<()> {
        let within = |networks: &[ipnet::IpNet]| {
            networks.is_empty()
                || place.address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
        };
        let country = |country: &String| place.country.as_deref().is_some_and(|at| at.eq_ignore_ascii_case(country));
        let in_country = self.countries.is_empty() || self.countries.iter().any(country);
        if within(&settings.networks) && within(&self.networks) && in_country {
            Ok(())
        } else {
            Err((&WRONG_PLACE).into())
        }
    }
}

/// Somebody whom nothing stands in the way.
#[derive(Debug)]
pub struct Admitted {
    /// Who.
    pub caller: Caller,
    /// Whether that they did something should be written down, which is done once a minute.
    pub stirs: bool,
}

fn minutes(minutes: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(minutes))
}

/// How the session of this token stands, and what the operator's profile leaves its person.
pub async fn standing(tx: &mut Tx, token: &str, settings: &Settings, profile: Profile) -> Result<Standing> {
    let hash = token_hash(token);
    let found = store::standing(tx, &hash, minutes(settings.presence_minutes)).await?;
    // The look-up is by hash; comparing again in constant time costs nothing and survives a change of the look-up.
    let found = found.filter(|(_, stored)| verify_slices_are_equal(stored, &hash).is_ok());
    let (mut standing, _) = found.ok_or(&NOT_SIGNED_IN)?;
    if let Caller::Person { looks, .. } = &mut standing.caller {
        *looks &= profile != Profile::NoLook;
    }
    Ok(standing)
}

/// An open session.
pub struct Session {
    /// What to present.
    pub token: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Opens a session for somebody who proved who they are. Its token is always a new one.
pub async fn open(
    tx: &mut Tx,
    person: PersonId,
    proved_by: ProvedBy,
    settings: &Settings,
    place: &Place,
) -> Result<(Session, Recorded)> {
    let token = new_token("session", tx.random());
    let id: SessionId = tx.id();
    let expires_at = later(tx.now(), SignedDuration::from_hours(i64::from(settings.shift_hours)));
    store::insert(tx, id, &token_hash(&token), person, proved_by, expires_at, place).await?;
    let detail = serde_json::json!({"session": id, "proved_by": proved_by});
    let proof = audit::record(tx, Entry::by_tanod("session.opened").about(person).detail(detail)).await?;
    Ok((Session { token, expires_at }, proof))
}

/// Closes a session.
pub async fn sign_out(tx: &mut Tx, caller: &Caller, token: &str) -> Result<Recorded> {
    accounts_store::remove_token(tx, &token_hash(token)).await?;
    audit::record(tx, Entry::by(caller, "session.closed").about(caller.person()?)).await
}

/// Shuts a session at once, as after a while without anybody.
pub async fn shut(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    let Caller::Person { id, session, .. } = caller else { return Err((&super::NOT_ALLOWED).into()) };
    store::set_shut(tx, *session).await?;
    audit::record(tx, Entry::by(caller, "session.shut").about(*id)).await
}

/// Writes down that somebody did something in their session.
pub async fn stir(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    if let Caller::Person { session, .. } = caller {
        store::set_seen(tx, *session).await?;
    }
    Ok(Recorded::unrecorded("that somebody is there is no change"))
}

/// Somebody said who they are, in a session that was open or shut. With a second factor the session is now one of that.
pub async fn present(tx: &mut Tx, caller: &Caller, proved_by: ProvedBy) -> Result<Recorded> {
    let Caller::Person { id, session, .. } = caller else { return Err((&super::NOT_ALLOWED).into()) };
    store::set_present(tx, *session, proved_by).await?;
    let detail = serde_json::json!({"session": session, "proved_by": proved_by});
    audit::record(tx, Entry::by(caller, "session.present").about(*id).detail(detail)).await
}

/// When the session of whoever asks ends by itself.
pub async fn ends_at(tx: &mut Tx, caller: &Caller) -> Result<Option<Timestamp>> {
    let Caller::Person { session, .. } = caller else { return Ok(None) };
    store::ends_at(tx, *session).await
}

/// An open session, as its person sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Row {
    /// Which.
    pub session: SessionId,
    /// Whether it is the one that asks.
    pub this: bool,
    /// By what it was opened.
    pub proved_by: ProvedBy,
    /// Since when.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
    /// When somebody last did something in it, to the minute.
    #[schema(value_type = String)]
    pub seen_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// From which address it was opened.
    pub address: Option<String>,
    /// What the program at the other end called itself.
    pub browser: String,
}

/// The sessions of whoever asks, newest first.
pub async fn own(tx: &mut Tx, caller: &Caller) -> Result<Vec<Row>> {
    let Caller::Person { id, session, .. } = caller else { return Err((&super::NOT_ALLOWED).into()) };
    store::of(tx, *id, *session).await
}

/// Ends a session: one's own, or anybody's by who may change accounts.
pub async fn end(tx: &mut Tx, caller: &Caller, session: SessionId) -> Result<Recorded> {
    let whose = store::person_of(tx, session).await?;
    let own = caller.person().is_ok_and(|person| Some(person) == whose);
    if !own && !caller.may(Permission::ChangeAccounts) {
        // Whose it is, is nobody else's to know.
        return Err((&UNKNOWN_SESSION).into());
    }
    if !own {
        caller.require(Permission::ChangeAccounts)?;
    }
    let person = whose.ok_or(&UNKNOWN_SESSION)?;
    store::remove(tx, session).await?;
    let detail = serde_json::json!({"session": session});
    audit::record(tx, Entry::by(caller, "session.ended").about(person).detail(detail)).await
}

/// Ends every session of whoever asks but the one that asks.
pub async fn end_others(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    let Caller::Person { id, session, .. } = caller else { return Err((&super::NOT_ALLOWED).into()) };
    store::remove_others(tx, *id, Some(*session)).await?;
    audit::record(tx, Entry::by(caller, "session.others_ended").about(*id)).await
}

/// Changes one's own password, and ends every other session: somebody who changes it may have reason to.
pub async fn change_password(tx: &mut Tx, caller: &Caller, password_hash: &str) -> Result<Recorded> {
    let Caller::Person { id, session, .. } = caller else { return Err((&super::NOT_ALLOWED).into()) };
    accounts_store::set_password(tx, *id, password_hash).await?;
    store::remove_others(tx, *id, Some(*session)).await?;
    audit::record(tx, Entry::by(caller, "person.changed_password").about(*id)).await
}

/// From where somebody may work.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Networks, as `192.0.2.0/24`; none listed is any that sign_in.networks allows.
    #[schema(value_type = Vec<String>)]
    pub networks: Vec<ipnet::IpNet>,
    /// Countries of ISO 3166-1, two letters each; none listed is any.
    pub countries: Vec<String>,
}

/// Countries that nobody could be found to be in.
pub static NO_COUNTRIES: Kind = Kind::new(
    422,
    "no-countries",
    "Countries cannot be kept to here.",
    "Give two letters for each country. An administrator names, in the settings, the header in which the proxy in front says an address's country.",
).program("Send two letters each (ISO 3166-1), and name the header in which the proxy in front says an address's country: sign_in.country_header.");

/// Says from where somebody may work.
pub async fn set_places(
    tx: &mut Tx,
    caller: &Caller,
    person: PersonId,
    places: &Places,
    settings: &Settings,
) -> Result<Recorded> {
    caller.require(Permission::ChangeAccounts)?;
    let known = |country: &String| country.len() == 2 && country.chars().all(|c| c.is_ascii_uppercase());
    if !places.countries.is_empty() && (settings.country_header.is_empty() || !places.countries.iter().all(known)) {
        return Err((&NO_COUNTRIES).into());
    }
    if !store::set_places(tx, person, places).await? {
        return Err((&UNKNOWN_NAME).into());
    }
    let detail = serde_json::json!({"networks": places.networks.len(), "countries": places.countries});
    audit::record(tx, Entry::by(caller, "person.places").about(person).detail(detail)).await
}

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&SHUT, &NEEDS_FACTOR, &NOT_PRESENT, &WRONG_PLACE, &UNKNOWN_SESSION, &NO_COUNTRIES];
