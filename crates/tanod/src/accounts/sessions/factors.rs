//! What is asked beside a password: a passkey, the six digits of an authenticator (RFC 6238), or a code for the day when both are lost.

use exchange::passkeys::Party;
use totp_rs::{Builder, Totp};
use vault::KeyRing;
use zeroize::Zeroizing;

use super::passkeys::{self, Answered, WRONG_PASSKEY};
use super::{ProvedBy, store};
use crate::accounts::{Caller, NOT_ALLOWED, NOT_YOURSELF, Permission, UNKNOWN_NAME, token_hash};
use crate::audit::{self, Entry};
use crate::evidence::Ring;
use crate::refusal::{Error, Kind, Result};
use crate::store::{ObjectId, PersonId, Recorded, Tx};

/// A password that is right, and not enough.
pub static SECOND_FACTOR: Kind = Kind::new(
    401,
    "second-factor",
    "This person signs in with more than a password.",
    "Use your passkey; or give the six digits of your authenticator as the code, or one of the recovery codes.",
);
/// A code that is not this person's, or was used.
pub static WRONG_CODE: Kind = Kind::new(
    401,
    "wrong-code",
    "This code is not the one, or was used already.",
    "Wait for the next six digits, and see that the clock of the device is right; each code is good once.",
);
/// An authenticator where there is one.
pub static HAS_AUTHENTICATOR: Kind = Kind::new(
    409,
    "has-authenticator",
    "An authenticator is set up already.",
    "Take the old one away first; an administrator can do so for somebody who lost it.",
);
/// No authenticator where one is needed.
pub static NO_AUTHENTICATOR: Kind = Kind::new(
    409,
    "no-authenticator",
    "No authenticator is being set up, or none is there.",
    "Begin on the page Your account.",
)
.program("POST /v1/authenticator begins it.");

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&SECOND_FACTOR, &WRONG_CODE, &HAS_AUTHENTICATOR, &NO_AUTHENTICATOR];

/// What the sealed secrets are bound to.
const SEALED_AS: &str = "authenticator";
/// So many codes for the day when the authenticator is lost.
const CODES: usize = 8;

/// An authenticator's secret as a row keeps it.
pub(super) struct Sealed {
    pub(super) object: ObjectId,
    pub(super) bytes: Vec<u8>,
    pub(super) wrapped_key: Vec<u8>,
    /// The last step of 30 s whose code was used.
    pub(super) last_step: i64,
    pub(super) confirmed: bool,
}

/// What somebody has to set an authenticator up; shown once.
pub struct Enrolment {
    /// The secret in base32, for typing.
    pub secret: String,
    /// The same as an `otpauth:` address.
    pub uri: String,
}

/// Whether a code beside a right password proves more.
pub(super) enum Proof {
    /// Nothing more is asked, for no authenticator is set up.
    PasswordAlone,
    /// It does.
    Second(ProvedBy),
    /// It does without a password: the device made sure of its person.
    Alone(ProvedBy),
    /// More is needed.
    Missing,
    /// It is wrong, which is on record: whoever sent it knows the password, or sits at an open session.
    Wrong(Error, Recorded),
}

/// What somebody gives beside a password.
#[derive(Default)]
pub struct Second<'a> {
    /// Six digits or a recovery code.
    pub code: &'a str,
    /// What a passkey answered, and who asked it.
    pub passkey: Option<(&'a Answered, Party)>,
}

/// Which factors somebody has beside a password.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// An authenticator that was confirmed.
    pub authenticator: bool,
    /// So many passkeys.
    pub passkeys: i64,
    /// So many recovery codes are left.
    pub codes: i64,
}

impl Held {
    /// Whether a password alone is not enough for this person.
    pub fn any(&self) -> bool {
        self.authenticator || self.passkeys > 0
    }
}

/// Which factors somebody has.
pub async fn held(tx: &mut Tx, person: PersonId) -> Result<Held> {
    store::held(tx, person).await
}

/// Takes the recovery codes away from somebody who has no factor any more.
pub(super) async fn tidy(tx: &mut Tx, person: PersonId) -> Result<()> {
    if !held(tx, person).await?.any() {
        store::set_codes(tx, person, &[]).await?;
    }
    Ok(())
}

fn totp(secret: &[u8], name: &str) -> Result<Totp> {
    // A name for signing in has no colon: `accounts::check_name`.
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(name)
        .with_issuer(Some("Tanod"))
        .build()
        .map_err(|error| Error::internal("making an authenticator's secret", error.to_string()))
}

/// The person, who said lately who they are.
fn present(caller: &Caller) -> Result<PersonId> {
    match caller {
        Caller::Person { id, present: true, .. } => Ok(*id),
        Caller::Person { .. } => Err((&super::NOT_PRESENT).into()),
        _ => Err((&NOT_ALLOWED).into()),
    }
}

async fn own_name(tx: &mut Tx, person: PersonId) -> Result<String> {
    Ok(store::name_and_password(tx, person).await?.ok_or(&UNKNOWN_NAME)?.0)
}

/// Begins to set an authenticator up for whoever asks. It is asked for once it was confirmed.
pub async fn begin(tx: &mut Tx, caller: &Caller, ring: &KeyRing) -> Result<(Enrolment, Recorded)> {
    let (person, random) = (present(caller)?, tx.random().clone());
    if store::authenticator(tx, person).await?.is_some_and(|known| known.confirmed) {
        return Err((&HAS_AUTHENTICATOR).into());
    }
    let secret = Zeroizing::new(random.bytes::<20>());
    let totp = totp(secret.as_slice(), &own_name(tx, person).await?)?;
    let uri = totp.to_url().map_err(|error| Error::internal("writing an otpauth address", error.to_string()))?;
    let object: ObjectId = tx.id();
    let sealed = vault::seal(secret.as_slice(), vault::ObjectId(object.0), SEALED_AS, ring, &random)
        .map_err(|error| Error::internal("sealing an authenticator's secret", error))?;
    let sealed =
        Sealed { object, bytes: sealed.bytes, wrapped_key: sealed.wrapped_key, last_step: 0, confirmed: false };
    store::begin_authenticator(tx, person, &sealed).await?;
    let proof = audit::record(tx, Entry::by(caller, "authenticator.begun").about(person)).await?;
    Ok((Enrolment { secret: totp.secret().to_base32(), uri }, proof))
}

/// Whether these digits are those of now, or of 30 s before or after; and if so, uses them up.
async fn digits_fit(tx: &mut Tx, person: PersonId, known: &Sealed, digits: &str, ring: &KeyRing) -> Result<bool> {
    let secret = vault::open(&known.bytes, vault::ObjectId(known.object.0), SEALED_AS, &known.wrapped_key, ring)
        .map_err(|error| Error::internal("opening an authenticator's secret", error))?;
    let secret = Zeroizing::new(secret);
    let now = u64::try_from(tx.now().as_second()).unwrap_or_default();
    let Some(step) = totp(&secret, "any")?.check(digits, now) else { return Ok(false) };
    store::use_step(tx, person, i64::try_from(step).unwrap_or(i64::MAX)).await
}

/// Confirms the authenticator that was begun, with the digits it shows. Answers the recovery codes, which are shown this once;
/// the session is one of a second factor from now on, and every other session ends.
pub async fn confirm(tx: &mut Tx, caller: &Caller, digits: &str, ring: &KeyRing) -> Result<(Vec<String>, Recorded)> {
    let person = present(caller)?;
    let known = store::authenticator(tx, person).await?.ok_or(&NO_AUTHENTICATOR)?;
    if known.confirmed {
        return Err((&HAS_AUTHENTICATOR).into());
    }
    if !digits_fit(tx, person, &known, digits, ring).await? {
        return Err((&WRONG_CODE).into());
    }
    store::confirm_authenticator(tx, person).await?;
    let codes = new_codes(tx, person).await?;
    super::end_others(tx, caller).await.map(drop)?;
    super::present(tx, caller, ProvedBy::Authenticator).await.map(drop)?;
    let proof = audit::record(tx, Entry::by(caller, "authenticator.confirmed").about(person)).await?;
    Ok((codes, proof))
}

pub(super) async fn new_codes(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    let random = tx.random().clone();
    let codes: Vec<String> = (0..CODES)
        .map(|_| {
            let digits = hex::encode(random.bytes::<10>());
            digits.as_bytes().chunks(5).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
        })
        .collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| token_hash(code)).collect();
    store::set_codes(tx, person, &hashes).await?;
    Ok(codes)
}

/// New recovery codes in the place of those of before; shown this once.
pub async fn renew_codes(tx: &mut Tx, caller: &Caller) -> Result<(Vec<String>, Recorded)> {
    let person = present(caller)?;
    if !held(tx, person).await?.any() {
        return Err((&NO_AUTHENTICATOR).into());
    }
    let codes = new_codes(tx, person).await?;
    let proof = audit::record(tx, Entry::by(caller, "authenticator.codes_renewed").about(person)).await?;
    Ok((codes, proof))
}

/// Takes one's own authenticator away, to set another one up.
pub async fn remove_own(tx: &mut Tx, caller: &Caller) -> Result<Recorded> {
    let person = present(caller)?;
    if !store::remove_authenticator(tx, person).await? {
        return Err((&NO_AUTHENTICATOR).into());
    }
    tidy(tx, person).await?;
    audit::record(tx, Entry::by(caller, "authenticator.removed").about(person)).await
}

/// Takes somebody's authenticator, passkeys and codes away, for they lost them, and ends their sessions. Nobody does so for themselves.
pub async fn reset(tx: &mut Tx, caller: &Caller, person: PersonId) -> Result<Recorded> {
    caller.require(Permission::ChangeAccounts)?;
    if caller.person().is_ok_and(|own| own == person) {
        return Err((&NOT_YOURSELF).into());
    }
    own_name(tx, person).await?;
    store::remove_factors(tx, person).await?;
    store::remove_others(tx, person, None).await?;
    audit::record(tx, Entry::by(caller, "authenticator.reset").about(person)).await
}

/// Wraps the key of every authenticator's secret anew with the ring's newest. Answers how many there were.
pub async fn rewrap(tx: &mut Tx, ring: &Ring) -> Result<u64> {
    let (random, mut count) = (tx.random().clone(), 0);
    for (person, object, wrapped) in store::authenticators(tx).await? {
        let again = ring.rewrap(&wrapped, object, SEALED_AS, &random).await?;
        store::rewrap_authenticator(tx, person, object, &again).await?;
        count += 1;
    }
    Ok(count)
}

/// What is given beside a password proves.
pub(super) async fn prove(tx: &mut Tx, person: PersonId, second: &Second<'_>, ring: &KeyRing) -> Result<Proof> {
    if let Some((answered, party)) = &second.passkey {
        return Ok(match passkeys::prove(tx, person, answered, party).await? {
            Ok(proved) if proved.verified => Proof::Alone(ProvedBy::Passkey),
            Ok(_) => Proof::Second(ProvedBy::Passkey),
            Err(fault) => {
                let detail = serde_json::json!({"because": fault.to_string()});
                let entry = Entry::by_tanod("session.passkey_refused").about(person).detail(detail);
                Proof::Wrong(WRONG_PASSKEY.because(fault.to_string()), audit::record(tx, entry).await?)
            }
        });
    }
    if !held(tx, person).await?.any() {
        return Ok(Proof::PasswordAlone);
    }
    let code: String = second.code.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    if code.is_empty() {
        return Ok(Proof::Missing);
    }
    if let Some(known) = store::authenticator(tx, person).await?.filter(|known| known.confirmed)
        && code.len() == 6
        && digits_fit(tx, person, &known, &code, ring).await?
    {
        return Ok(Proof::Second(ProvedBy::Authenticator));
    }
    if code.len() > 6 && store::use_code(tx, person, &token_hash(&code)).await? {
        return Ok(Proof::Second(ProvedBy::RecoveryCode));
    }
    let on_record = audit::record(tx, Entry::by_tanod("session.code_refused").about(person)).await?;
    Ok(Proof::Wrong((&WRONG_CODE).into(), on_record))
}

/// An address as a picture that an authenticator reads, as SVG without styles of its own.
pub fn picture(uri: &str) -> Result<String> {
    let code = qrcode::QrCode::new(uri).map_err(|error| Error::internal("drawing a code", error.to_string()))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build();
    // It stands inside a page: without the declaration of a document of its own.
    Ok(svg.split_once("?>").map_or(svg.clone(), |(_, svg)| svg.to_owned()))
}
