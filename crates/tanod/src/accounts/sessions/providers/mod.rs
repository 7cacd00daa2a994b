//! Providers of identity: people of the house sign in where they sign in to everything else. Who may work here stays our own matter:
//! an administrator invites a person, and the account with which they follow their one-time link is theirs from then on.

pub mod pages;
mod roles;
mod store;

use std::collections::BTreeMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use exchange::oidc::token::{Expected, Identity};
use exchange::oidc::{Attempt, Away, Provider, token};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Place, ProvedBy, Session, factors, store as sessions_store};
use crate::accounts::{Role, USED_INVITATION, later, new_token, store as accounts_store, token_hash};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{PersonId, Recorded, SessionId, Tx};

/// A provider that the settings do not name.
pub static UNKNOWN_PROVIDER: Kind = Kind::new(
    404,
    "unknown-provider",
    "Nobody signs in here with this provider.",
    "The page for signing in offers those that the settings name: [[sign_in.providers]].",
);
/// A provider that does not answer as it should.
pub static PROVIDER_AWAY: Kind = Kind::new(
    503,
    "provider-away",
    "The provider does not answer as it should.",
    "Sign in with your password, or try again later; the detail is for whoever runs the provider.",
);
/// What the provider said is not believed.
pub static PROVIDER_REFUSED: Kind = Kind::new(
    401,
    "provider-refused",
    "What the provider says of you is not accepted.",
    "Begin again. If it stays so, the detail is for your administrator.",
);
/// A way back that nobody is on.
pub static NOT_ON_THE_WAY: Kind = Kind::new(
    401,
    "not-on-the-way",
    "This sign-in was not begun in this browser, or too long ago.",
    "Begin again on the page for signing in, and do not use an address that somebody sent you.",
);
/// An account of which nobody here is known.
pub static NOT_LINKED: Kind = Kind::new(
    403,
    "not-linked",
    "Nobody here is known by this account.",
    "Ask an administrator for a one-time link, open it, and choose the provider there.",
);

/// All refusals of this folder.
pub const REFUSALS: &[&Kind] = &[
    &UNKNOWN_PROVIDER,
    &PROVIDER_AWAY,
    &PROVIDER_REFUSED,
    &NOT_ON_THE_WAY,
    &NOT_LINKED,
    &roles::NO_GROUP,
    &roles::WITH_PROVIDER,
];

/// A provider in the settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A short word for addresses and the record.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Its issuer, to the letter.
    pub issuer: String,
    /// As it calls us.
    pub client_id: String,
    /// Where our secret with it lies; nothing for a public client.
    #[serde(default)]
    pub client_secret_file: String,
    /// What it says (`amr` or `acr`) of somebody who proved more than a password; nothing, and its word is that of a password.
    #[serde(default)]
    pub second_factor: Vec<String>,
    /// Ends of e-mail addresses that it must have made sure of; none listed is any account.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Hosts beside the issuer's own at which it answers.
    #[serde(default)]
    pub other_hosts: Vec<String>,
    /// The claim of its token that lists somebody's groups; nothing, and their groups say nothing here.
    #[serde(default)]
    pub groups_claim: String,
    /// What the people of a group work as, at most as what an administrator invited them for.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// The most that somebody of a group may be whom no administrator invited; absent, and nobody comes in uninvited.
    #[serde(default)]
    pub uninvited: Option<Role>,
}

impl Settings {
    /// Whether groups decide what people work as.
    fn maps(&self) -> bool {
        !self.groups_claim.is_empty()
    }
}

/// The providers, and the way to them.
pub struct Providers {
    http: reqwest::Client,
    all: Vec<(Settings, Provider)>,
}

impl Providers {
    /// Opens what the settings name.
    pub fn open(settings: &[Settings], http: reqwest::Client) -> std::result::Result<Self, String> {
        let open = |one: &Settings| {
            let fits = (1..=32).contains(&one.name.len())
                && one.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !fits || settings.iter().filter(|other| other.name == one.name).count() > 1 {
                return Err(format!(
                    "sign_in.providers: {:?} must be a word of its own, of a-z, 0-9 and dashes",
                    one.name
                ));
            }
            if !exchange::webhooks::may_call(&one.issuer) {
                return Err(format!(
                    "sign_in.providers, {}: its issuer must be https://…, or http:// to this machine",
                    one.name
                ));
            }
            roles::check(one)?;
            let secret = match one.client_secret_file.as_str() {
                "" => None,
                file => {
                    let secret = fs_err::read_to_string(file)
                        .map_err(|error| format!("sign_in.providers, {}: {error}", one.name))?;
                    Some(Zeroizing::new(secret.trim().to_owned()))
                }
            };
            let (issuer, client_id) = (one.issuer.clone(), one.client_id.clone());
            Ok((one.clone(), Provider { issuer, client_id, secret, hosts: one.other_hosts.clone() }))
        };
        Ok(Self { http, all: settings.iter().map(open).collect::<std::result::Result<_, _>>()? })
    }

    fn of(&self, name: &str) -> Result<&(Settings, Provider)> {
        self.all.iter().find(|(settings, _)| settings.name == name).ok_or_else(|| (&UNKNOWN_PROVIDER).into())
    }

    /// Names and labels, in the order of the settings.
    pub fn offered(&self) -> Vec<(String, String)> {
        self.all.iter().map(|(settings, _)| (settings.name.clone(), settings.label.clone())).collect()
    }
}

/// Why somebody goes to a provider.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To follow a one-time link, of which this is the SHA-256.
    Invitation(Vec<u8>),
    /// To say who they are in a session.
    Presence(SessionId),
}

/// So long may somebody be on their way.
const ON_THE_WAY: SignedDuration = SignedDuration::from_mins(10);

/// Somebody on their way; their browser alone holds the token.
pub struct Way {
    /// What the browser holds.
    pub token: String,
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
}

impl Way {
    /// What follows from a token: each part is of no use for another.
    fn of(token: &str, name: &str, public_url: &str) -> Self {
        let derived = |part: &str| BASE64URL.encode(Sha256::digest(format!("{part} {token}")));
        Self {
            state: derived("state"),
            nonce: derived("nonce"),
            verifier: derived("verifier"),
            redirect_uri: format!("{}/console/sign-in/from/{name}", public_url.trim_end_matches('/')),
            token: token.to_owned(),
        }
    }

    fn attempt(&self, anew: bool) -> Attempt<'_> {
        let Self { state, nonce, verifier, redirect_uri, .. } = self;
        Attempt { redirect_uri, state, nonce, verifier, anew }
    }

    /// Whether this came back with who was sent.
    fn is_mine(&self, state: &str) -> bool {
        verify_slices_are_equal(self.state.as_bytes(), state.as_bytes()).is_ok()
    }
}

fn away(fault: &Away) -> crate::refusal::Error {
    PROVIDER_AWAY.because(fault.to_string())
}

/// Where somebody is sent.
pub async fn address(providers: &Providers, name: &str, way: &Way, anew: bool) -> Result<String> {
    let (_, provider) = providers.of(name)?;
    let found = provider.discover(&providers.http).await.map_err(|fault| away(&fault))?;
    provider.authorization(&found, &way.attempt(anew)).map_err(|fault| away(&fault))
}

/// Sends somebody on their way.
pub async fn begin(
    tx: &mut Tx,
    providers: &Providers,
    name: &str,
    purpose: &Purpose,
    public_url: &str,
) -> Result<(Way, Recorded)> {
    providers.of(name)?;
    let way = Way::of(&new_token("way", tx.random()), name, public_url);
    let until = later(tx.now(), ON_THE_WAY);
    store::insert_way(tx, &token_hash(&way.token), name, purpose, until).await?;
    Ok((way, Recorded::unrecorded("that somebody goes to sign in is no change; that they did is on record")))
}

/// Somebody who came back, as it was remembered.
pub struct Back {
    purpose: Purpose,
    since: Timestamp,
}

/// Takes back who was sent: once, and only in the browser that was sent.
pub async fn come_back(tx: &mut Tx, name: &str, way: &Way, state: &str) -> Result<(Back, Recorded)> {
    if !way.is_mine(state) {
        return Err((&NOT_ON_THE_WAY).into());
    }
    let (purpose, since) = store::take_way(tx, &token_hash(&way.token), name).await?.ok_or(&NOT_ON_THE_WAY)?;
    Ok((Back { purpose, since }, Recorded::unrecorded("the end of a way; what it leads to is on record")))
}

/// What the provider says of who came back, judged.
pub async fn identity(
    providers: &Providers,
    name: &str,
    way: &Way,
    back: &Back,
    code: &str,
    now: Timestamp,
) -> Result<Identity> {
    let (settings, provider) = providers.of(name)?;
    let anew = matches!(back.purpose, Purpose::Presence(_));
    let found = provider.discover(&providers.http).await.map_err(|fault| away(&fault))?;
    let token =
        provider.redeem(&providers.http, &found, &way.attempt(anew), code).await.map_err(|fault| away(&fault))?;
    let keys = provider.keys(&providers.http, &found).await.map_err(|fault| away(&fault))?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &way.nonce,
        now,
        proved_since: anew.then_some(back.since),
        groups: Some(settings.groups_claim.as_str()).filter(|claim| !claim.is_empty()),
    };
    let identity =
        token::verify(&token, &keys, &expected).map_err(|fault| PROVIDER_REFUSED.because(fault.to_string()))?;
    let ends_well = |email: &String| {
        email
            .rsplit_once('@')
            .is_some_and(|(_, end)| settings.domains.iter().any(|domain| domain.eq_ignore_ascii_case(end)))
    };
    if !settings.domains.is_empty() && !identity.email.as_ref().is_some_and(ends_well) {
        return Err(PROVIDER_REFUSED.because("it made sure of no e-mail address of a domain that is allowed"));
    }
    Ok(identity)
}

/// Refuses a way in beside the provider, for somebody whose groups there say what they work as.
pub async fn or_by_ourselves(tx: &mut Tx, person: PersonId, settings: &super::Settings) -> Result<()> {
    let own = store::of(tx, person).await?;
    if settings.providers.iter().any(|one| one.maps() && own.contains(&one.name)) {
        return Err((&roles::WITH_PROVIDER).into());
    }
    Ok(())
}

/// What came of it.
pub enum Arrived {
    /// They are signed in.
    SignedIn(Session, Recorded),
    /// They said who they are.
    Present(Recorded),
    /// Their second factor is asked for; what their browser holds until then.
    Asked(String, Recorded),
    /// They are in no group any more that works here: what they were is over.
    Ended(Recorded),
}

/// Lets somebody in whom the provider named, or asks for more.
pub async fn arrive(
    tx: &mut Tx,
    providers: &Providers,
    name: &str,
    back: Back,
    identity: &Identity,
    settings: &super::Settings,
    place: &Place,
) -> Result<Arrived> {
    let (own, _) = providers.of(name)?;
    let enough = identity.methods.iter().any(|method| own.second_factor.contains(method));
    let proved_by = if enough { ProvedBy::ProviderFactor } else { ProvedBy::Provider };
    let person = match &back.purpose {
        Purpose::Invitation(invitation) => link(tx, name, identity, invitation).await?,
        _ => match store::person_of(tx, name, &identity.subject).await? {
            Some(person) => person,
            None => roles::comes_in(tx, own, identity).await?.ok_or(&NOT_LINKED)?,
        },
    };
    let session = if let Purpose::Presence(session) = back.purpose { Some(session) } else { None };
    if own.maps()
        && let Some(ended) = roles::apply(tx, own, person, identity, session).await?
    {
        return Ok(Arrived::Ended(ended));
    }
    if let Some(session) = session {
        if sessions_store::person_of(tx, session).await? != Some(person) {
            return Err((&NOT_LINKED).into());
        }
        sessions_store::set_present(tx, session, proved_by).await?;
        let detail = serde_json::json!({"session": session, "proved_by": proved_by, "provider": name});
        let entry = Entry::by_tanod("session.present").about(person).detail(detail);
        return Ok(Arrived::Present(audit::record(tx, entry).await?));
    }
    if !enough && factors::held(tx, person).await?.any() {
        let token = new_token("way", tx.random());
        let until = later(tx.now(), ON_THE_WAY);
        store::insert_asked(tx, &token_hash(&token), name, person, until).await?;
        let entry = Entry::by_tanod("session.second_factor_asked").about(person);
        return Ok(Arrived::Asked(token, audit::record(tx, entry).await?));
    }
    let (session, proof) = super::open(tx, person, proved_by, settings, place).await?;
    Ok(Arrived::SignedIn(session, proof))
}

/// Makes this account somebody's own who follows a one-time link.
async fn link(tx: &mut Tx, name: &str, identity: &Identity, invitation: &[u8]) -> Result<PersonId> {
    let person = accounts_store::person_invited(tx, invitation).await?.ok_or(&USED_INVITATION)?;
    if !store::insert_identity(tx, name, &identity.subject, person).await? {
        return Err(PROVIDER_REFUSED.because("this account is another person's already"));
    }
    accounts_store::remove_token(tx, invitation).await?;
    let detail = serde_json::json!({"provider": name});
    audit::record(tx, Entry::by_tanod("person.accepted").about(person).detail(detail)).await.map(drop)?;
    Ok(person)
}

/// Who came from a provider and is asked for their second factor.
pub async fn asked(tx: &mut Tx, token: &str) -> Result<PersonId> {
    Ok(store::asked(tx, &token_hash(token)).await?.ok_or(&NOT_ON_THE_WAY)?)
}

/// Opens the session of somebody who came from a provider and gave their second factor.
pub async fn go_on(
    tx: &mut Tx,
    token: &str,
    person: PersonId,
    proved_by: ProvedBy,
    settings: &super::Settings,
    place: &Place,
) -> Result<(Session, Recorded)> {
    store::forget(tx, &token_hash(token)).await?;
    super::open(tx, person, proved_by, settings, place).await
}
