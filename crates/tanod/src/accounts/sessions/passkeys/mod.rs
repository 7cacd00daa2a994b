//! Passkeys: keys in somebody's device that answer only this console's own pages; asked for beside a password, or alone where the
//! device makes sure of its person. What a browser says is judged by `exchange::passkeys`.

pub mod api;
pub mod pages;
mod store;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use exchange::passkeys::{ALGORITHMS, Credential, Fault, Made, Party, Proved, Used, challenge_of, proved, registered};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ProvedBy, Settings, factors, store as sessions_store};
use crate::accounts::{Caller, NOT_ALLOWED, UNKNOWN_NAME, later, token_hash};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{PasskeyId, PersonId, Recorded, Tx};

/// An address at which browsers make no passkeys.
pub static NO_PASSKEYS_HERE: Kind = Kind::new(
    409,
    "no-passkeys-here",
    "Browsers use no passkeys at the address of this console.",
    "Set public_url to the name under which people reach it over TLS, or on one machine to http://localhost with the port.",
);
/// Nobody has such a passkey.
pub static NO_PASSKEY: Kind = Kind::new(
    409,
    "no-passkey",
    "No passkey is set up.",
    "Sign in with the code of your authenticator, or set a passkey up on the page Your account.",
);
/// An answer of a passkey that is not believed.
pub static WRONG_PASSKEY: Kind = Kind::new(
    401,
    "wrong-passkey",
    "The passkey's answer is not accepted.",
    "Try again with a new question: each is good once and for five minutes. Use the passkey that you set up for this console.",
);
/// A passkey that cannot be kept.
pub static BAD_PASSKEY: Kind = Kind::new(
    422,
    "bad-passkey",
    "This passkey cannot be set up.",
    "Begin again with a new question and another device; give it a name of 1 to 64 characters.",
);
/// A passkey that somebody does not have.
pub static UNKNOWN_PASSKEY: Kind = Kind::new(
    404,
    "unknown-passkey",
    "You have no such passkey.",
    "The page Your account lists yours; one that was removed is not found again.",
);
/// A picture where whoever looks did not sign in with a passkey.
pub static NEEDS_PASSKEY: Kind = Kind::new(
    403,
    "needs-passkey",
    "Nobody sees a depiction here who did not say with a passkey who they are.",
    "Set a passkey up on the page Your account; then lock the screen with F9 and come back with it, or sign in with it.",
);

/// All refusals of this folder.
pub const REFUSALS: &[&Kind] =
    &[&NO_PASSKEYS_HERE, &NO_PASSKEY, &WRONG_PASSKEY, &BAD_PASSKEY, &UNKNOWN_PASSKEY, &NEEDS_PASSKEY];

/// So long is a question good.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// So many passkeys has one person.
const MOST: usize = 20;

/// What a browser answers that used a passkey: `PublicKeyCredential.toJSON()`, of which only this is read.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
pub struct Answered {
    /// The credential, in base64url as all of it.
    id: String,
    response: AnsweredResponse,
}

/// What the device said.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnsweredResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
}

/// What a browser answers that made a passkey: `PublicKeyCredential.toJSON()`, of which only this is read.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
pub struct NewlyMade {
    /// The credential, in base64url as all of it.
    id: String,
    response: NewlyMadeResponse,
}

/// What the device said.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewlyMadeResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    public_key: String,
    public_key_algorithm: i64,
}

/// What a browser is to ask a device to use: `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    challenge: String,
    rp_id: String,
    timeout: i64,
    user_verification: &'static str,
    allow_credentials: Vec<Descriptor>,
}

/// One credential.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Descriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
}

/// What a browser is to ask a device to make: `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    challenge: String,
    rp: Named,
    user: Named,
    pub_key_cred_params: Vec<Parameter>,
    timeout: i64,
    attestation: &'static str,
    authenticator_selection: Selection,
    exclude_credentials: Vec<Descriptor>,
}

/// Who asks, or who is asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
}

/// A kind of key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Parameter {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

/// Which devices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    resident_key: &'static str,
    user_verification: &'static str,
}

/// A passkey, as its person sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Passkey {
    /// Which.
    pub passkey: PasskeyId,
    /// As its person called it.
    pub name: String,
    /// Since when.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was last used.
    #[schema(value_type = Option<String>)]
    pub used_at: Option<Timestamp>,
}

fn decoded(text: &str) -> std::result::Result<Vec<u8>, Fault> {
    BASE64URL.decode(text.trim_end_matches('=')).map_err(|_| Fault::Unreadable("base64url"))
}

/// Who asks, by the settings.
pub fn party(public_url: &str) -> Result<Party> {
    Party::of(public_url).ok_or_else(|| (&NO_PASSKEYS_HERE).into())
}

async fn new_challenge(tx: &mut Tx, person: PersonId) -> Result<String> {
    let challenge = BASE64URL.encode(tx.random().bytes::<32>());
    let until = later(tx.now(), GOOD_FOR);
    store::insert_challenge(tx, &token_hash(&challenge), person, until).await?;
    Ok(challenge)
}

async fn known(tx: &mut Tx, person: PersonId) -> Result<Vec<Descriptor>> {
    let known = store::credentials(tx, person).await?.into_iter();
    Ok(known.map(|id| Descriptor { kind: "public-key", id: BASE64URL.encode(id) }).collect())
}

/// Asks for one of somebody's passkeys. `surely`: the device is to make sure of its person, for no password stands beside it.
pub async fn ask(tx: &mut Tx, person: PersonId, party: &Party, surely: bool) -> Result<(Question, Recorded)> {
    let allow_credentials = known(tx, person).await?;
    if allow_credentials.is_empty() {
        return Err((&NO_PASSKEY).into());
    }
    let question = Question {
        challenge: new_challenge(tx, person).await?,
        rp_id: party.id.clone(),
        timeout: i64::try_from(GOOD_FOR.as_millis()).unwrap_or_default(),
        user_verification: if surely { "required" } else { "preferred" },
        allow_credentials,
    };
    Ok((question, Recorded::unrecorded("a question is no change; its answer is on record")))
}

/// Asks whoever calls for a new passkey. Who has another factor already must be present.
pub async fn want(tx: &mut Tx, caller: &Caller, party: &Party) -> Result<(Wanted, Recorded)> {
    let person = must_be_present(caller)?;
    let (name, _) = sessions_store::name_and_password(tx, person).await?.ok_or(&UNKNOWN_NAME)?;
    let wanted = Wanted {
        challenge: new_challenge(tx, person).await?,
        rp: Named { id: party.id.clone(), name: "Tanod".to_owned(), display_name: None },
        user: Named { id: BASE64URL.encode(person.0.as_bytes()), display_name: Some(name.clone()), name },
        pub_key_cred_params: ALGORITHMS.map(|alg| Parameter { kind: "public-key", alg }).into(),
        timeout: i64::try_from(GOOD_FOR.as_millis()).unwrap_or_default(),
        attestation: "none",
        authenticator_selection: Selection { resident_key: "discouraged", user_verification: "preferred" },
        exclude_credentials: known(tx, person).await?,
    };
    Ok((wanted, Recorded::unrecorded("a question is no change; its answer is on record")))
}

fn must_be_present(caller: &Caller) -> Result<PersonId> {
    match caller {
        Caller::Person { id, present: true, .. } => Ok(*id),
        Caller::Person { .. } => Err((&super::NOT_PRESENT).into()),
        _ => Err((&NOT_ALLOWED).into()),
    }
}

/// Uses up the question that an answer is to, and gives it back.
async fn question(tx: &mut Tx, person: PersonId, client_data: &[u8]) -> Result<std::result::Result<Vec<u8>, Fault>> {
    let challenge = match challenge_of(client_data) {
        Ok(challenge) => challenge,
        Err(fault) => return Ok(Err(fault)),
    };
    let asked = store::use_challenge(tx, &token_hash(&BASE64URL.encode(&challenge)), person).await?;
    Ok(if asked { Ok(challenge) } else { Err(Fault::OtherChallenge) })
}

/// Keeps a passkey that whoever calls just made. The first factor of somebody comes with recovery codes, which are shown this once;
/// the session is one of a passkey from now on, and every other session ends.
pub async fn add(
    tx: &mut Tx,
    caller: &Caller,
    name: &str,
    made: &NewlyMade,
    party: &Party,
) -> Result<(PasskeyId, Option<Vec<String>>, Recorded)> {
    let person = must_be_present(caller)?;
    let name = name.trim();
    if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(BAD_PASSKEY.because("its name"));
    }
    if store::credentials(tx, person).await?.len() >= MOST {
        return Err(BAD_PASSKEY.because(format!("nobody has more than {MOST}")));
    }
    let bad = |fault: Fault| BAD_PASSKEY.because(fault.to_string());
    let response = &made.response;
    let made = Made {
        id: decoded(&made.id).map_err(bad)?,
        client_data: decoded(&response.client_data).map_err(bad)?,
        authenticator_data: decoded(&response.authenticator_data).map_err(bad)?,
        public_key: decoded(&response.public_key).map_err(bad)?,
        algorithm: response.public_key_algorithm,
    };
    let challenge = question(tx, person, &made.client_data).await?.map_err(bad)?;
    let credential = registered(party, &challenge, &made).map_err(bad)?;
    let first = !factors::held(tx, person).await?.any();
    let id: PasskeyId = tx.id();
    if !store::insert(tx, id, person, &credential, name).await? {
        return Err(BAD_PASSKEY.because("it is set up already"));
    }
    let codes = if first { Some(factors::new_codes(tx, person).await?) } else { None };
    super::end_others(tx, caller).await.map(drop)?;
    super::present(tx, caller, ProvedBy::Passkey).await.map(drop)?;
    let detail = serde_json::json!({"passkey": id});
    let proof = audit::record(tx, Entry::by(caller, "passkey.added").about(person).detail(detail)).await?;
    Ok((id, codes, proof))
}

/// What an answer proves; or why it proves nothing.
pub(super) async fn prove(
    tx: &mut Tx,
    person: PersonId,
    answered: &Answered,
    party: &Party,
) -> Result<std::result::Result<Proved, Fault>> {
    let response = &answered.response;
    let coded = [&answered.id, &response.client_data, &response.authenticator_data, &response.signature];
    let [Ok(id), Ok(client_data), Ok(authenticator_data), Ok(signature)] = coded.map(|text| decoded(text)) else {
        return Ok(Err(Fault::Unreadable("base64url")));
    };
    let challenge = match question(tx, person, &client_data).await? {
        Ok(challenge) => challenge,
        Err(fault) => return Ok(Err(fault)),
    };
    let Some((passkey, credential)) = store::of(tx, person, &id).await? else { return Ok(Err(Fault::Key)) };
    let proved = proved(party, &challenge, &credential, &Used { client_data, authenticator_data, signature });
    if let Ok(proved) = proved {
        store::set_used(tx, passkey, proved.counter).await?;
    }
    Ok(proved)
}

/// The passkeys of whoever asks.
pub async fn own(tx: &mut Tx, caller: &Caller) -> Result<Vec<Passkey>> {
    store::list(tx, caller.person()?).await
}

/// Removes one of one's own passkeys.
pub async fn remove(tx: &mut Tx, caller: &Caller, passkey: PasskeyId) -> Result<Recorded> {
    let person = must_be_present(caller)?;
    if !store::remove(tx, person, passkey).await? {
        return Err((&UNKNOWN_PASSKEY).into());
    }
    factors::tidy(tx, person).await?;
    let detail = serde_json::json!({"passkey": passkey});
    audit::record(tx, Entry::by(caller, "passkey.removed").about(person).detail(detail)).await
}

/// Refuses depictions in a session that no passkey opened, where the settings ask for one.
pub async fn before_depictions(tx: &mut Tx, caller: &Caller, settings: &Settings) -> Result<()> {
    let Caller::Person { session, .. } = caller else { return Err((&NOT_ALLOWED).into()) };
    if settings.passkey_before_depictions && sessions_store::proved_by(tx, *session).await? != Some(ProvedBy::Passkey) {
        return Err((&NEEDS_PASSKEY).into());
    }
    Ok(())
}
