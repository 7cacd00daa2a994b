//! Who may do what: people with roles, programs with keys and scopes, and the one permission matrix.

pub mod api;
mod matrix;
pub mod pages;
mod roster;
pub mod sessions;
mod store;

use std::collections::HashMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::audit::{self, Entry};
use crate::clock::Random;
use crate::refusal::{Error, Kind, Result};
use crate::store::{KeyId, PersonId, Recorded, SessionId, Tx};

pub use matrix::{Permission, matrix, role_may, scope_gives};
pub use roster::{IDLE, Looker, NOT_YOURSELF, roster, set_looks, tidy_roster};

/// No credentials, or none that we know.
pub static NOT_SIGNED_IN: Kind = Kind::new(401, "not-signed-in", "This needs a key or a session.", "Sign in again.")
    .program(
        "Send `Authorization: Bearer …` with an API key (`tanod key add`) or a session token (POST /v1/sessions).",
    );
/// Known, but not allowed.
pub static NOT_ALLOWED: Kind = Kind::new(
    403,
    "not-allowed",
    "This role or key may not do that.",
    "Ask an administrator for the role or scope named in the detail.",
);
/// Wrong name or password.
pub static WRONG_PASSWORD: Kind = Kind::new(
    401,
    "wrong-password",
    "No person signs in with this name and password.",
    "Check both. An administrator can invite you anew with `tanod user add`.",
);
/// A name that is taken or unusable.
pub static BAD_NAME: Kind = Kind::new(
    422,
    "bad-name",
    "This name cannot be used.",
    "Choose another of 1 to 64 letters, digits, dots, dashes or underscores.",
);
/// A password that is too weak to keep.
pub static WEAK_PASSWORD: Kind = Kind::new(
    422,
    "weak-password",
    "This password is too short.",
    "Use at least 12 characters; a sentence is easier to remember than a riddle.",
);
/// A one-time link that was used or is too old.
pub static USED_INVITATION: Kind = Kind::new(
    410,
    "used-invitation",
    "This one-time link was used already or is too old.",
    "Ask an administrator for a new one, or run `tanod user add` again.",
);
/// A name that nobody has.
pub static UNKNOWN_NAME: Kind = Kind::new(
    404,
    "unknown-name",
    "There is no person or key of this name.",
    "Check the spelling; a name that was removed is not found again.",
);
/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &NOT_YOURSELF,
    &NOT_SIGNED_IN,
    &NOT_ALLOWED,
    &WRONG_PASSWORD,
    &BAD_NAME,
    &WEAK_PASSWORD,
    &USED_INVITATION,
    &UNKNOWN_NAME,
];

/// What a person of the operator is there for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks and decides.
    Reviewer,
    /// Approves, answers for reports and holds.
    Lead,
    /// Runs the installation; has no right to depictions by being one (US-40).
    Admin,
    /// Reads the record, and nothing else.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lead, Self::Admin, Self::Reviewer, Self::Auditor];

    /// Whether somebody of this role may do nothing that one of the other may not.
    pub fn is_within(self, other: Self) -> bool {
        Permission::ALL.into_iter().all(|permission| !role_may(self, permission) || role_may(other, permission))
    }
}

/// What a key of a program is good for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub enum Scope {
    /// Send uploads.
    #[serde(rename = "items:write")]
    ItemsWrite,
    /// Ask about hashes.
    #[serde(rename = "matches:write")]
    MatchesWrite,
    /// See which entry of which list matched; without it licensed lists do not leak.
    #[serde(rename = "matches:detail")]
    MatchesDetail,
    /// List banks.
    #[serde(rename = "banks:read")]
    BanksRead,
    /// Change banks.
    #[serde(rename = "banks:write")]
    BanksWrite,
    /// Pass notices on.
    #[serde(rename = "notices:write")]
    NoticesWrite,
    /// Say what is known around a case.
    #[serde(rename = "context:write")]
    ContextWrite,
    /// See actions, and say whether they were done.
    #[serde(rename = "actions:acknowledge")]
    ActionsAcknowledge,
    /// Tell of streams that run and what happens in them, and see how they stand.
    #[serde(rename = "streams:write")]
    StreamsWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ItemsWrite,
        Self::MatchesWrite,
        Self::MatchesDetail,
        Self::BanksRead,
        Self::BanksWrite,
        Self::NoticesWrite,
        Self::ContextWrite,
        Self::ActionsAcknowledge,
        Self::StreamsWrite,
    ];
}

/// Who is calling.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A person, by session.
    Person {
        /// Who.
        id: PersonId,
        /// As they appear in the record.
        staff: i64,
        /// What for.
        role: Role,
        /// Whether they may see depictions at all: nobody does where the operator's profile is `no_look`.
        looks: bool,
        /// In which session.
        session: SessionId,
        /// Whether they said lately who they are, which administrative changes ask for.
        present: bool,
    },
    /// A program, by key.
    Key {
        /// Which.
        id: KeyId,
        /// What for.
        scopes: Vec<Scope>,
        /// Its own limit of requests a minute.
        per_minute: Option<u32>,
    },
    /// Whoever runs a command on the machine itself, with the data folder and its secret at hand.
    Operator,
}

impl Caller {
    /// How the record names them: staff number or key id, never a name.
    pub fn mark(&self) -> String {
        match self {
            Self::Person { staff, .. } => format!("staff {staff}"),
            Self::Key { id, .. } => id.to_string(),
            Self::Operator => "operator".to_owned(),
        }
    }

    /// Whether they may.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Person { role, looks, .. } => {
                role_may(*role, permission) && (*looks || permission != Permission::SeeDepictions)
            }
            Self::Key { scopes, .. } => scopes.iter().any(|scope| scope_gives(*scope, permission)),
            // The operator's commands reach what an administrator reaches: depictions and decisions are not among it.
            Self::Operator => {
                role_may(Role::Admin, permission)
                    || matches!(
                        permission,
                        Permission::ReviveReports
                            | Permission::TellCorrections
                            | Permission::ReadHolds
                            | Permission::ChangeHolds
                    )
            }
        }
    }

    /// Refuses unless they may, and of a person who does an administrative change, unless they said lately who they are.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if !self.may(permission) {
            return Err(NOT_ALLOWED.because(format!("needs: {}", crate::store::as_word(&permission))));
        }
        match self {
            Self::Person { present: false, .. } if permission.asks_presence() => Err((&sessions::NOT_PRESENT).into()),
            _ => Ok(()),
        }
    }

    /// The person, where only a person will do.
    pub fn person(&self) -> Result<PersonId> {
        match self {
            Self::Person { id, .. } => Ok(*id),
            _ => Err(NOT_ALLOWED.because("only a person may do this")),
        }
    }

    /// The id under which idempotency keys are remembered.
    pub fn scope_id(&self) -> uuid::Uuid {
        match self {
            Self::Person { id, .. } => id.0,
            Self::Key { id, .. } => id.0,
            Self::Operator => uuid::Uuid::nil(),
        }
    }
}

/// A new secret token: `tanod_<kind>_<64 hex digits>`. Only its hash is kept.
pub(crate) fn new_token(kind: &str, random: &Random) -> String {
    format!("tanod_{kind}_{}", hex::encode(random.bytes::<32>()))
}

fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What every token of a program begins with.
const KEY: &str = "tanod_key_";

/// Whether a token is a program's and not a session's.
pub fn is_key(token: &str) -> bool {
    token.starts_with(KEY)
}

/// Finds out which program presents this key.
pub async fn recognise(tx: &mut Tx, key: &str) -> Result<Caller> {
    let hash = token_hash(key);
    // The look-up is by hash; comparing again in constant time costs nothing and survives a change of the look-up.
    match store::key_by_token(tx, &hash).await? {
        Some((caller, stored)) if verify_slices_are_equal(&stored, &hash).is_ok() => Ok(caller),
        _ => Err((&NOT_SIGNED_IN).into()),
    }
}

/// How the record names a person: by staff number, never by name.
pub async fn staff_of(tx: &mut Tx, person: PersonId) -> Result<i64> {
    Ok(store::staff_of(tx, person).await?.unwrap_or_default())
}

/// How the record names everybody.
pub async fn staff_numbers(tx: &mut Tx) -> Result<HashMap<PersonId, i64>> {
    store::staff_numbers(tx).await
}

/// Somebody of the operator who can sign in.
#[derive(Clone, Copy, Debug)]
pub struct Colleague {
    /// Who.
    pub id: PersonId,
    /// As they appear in the record.
    pub staff: i64,
}

/// Everybody who can sign in and may do this.
pub async fn people_who_may(tx: &mut Tx, permission: Permission) -> Result<Vec<Colleague>> {
    let people = store::active(tx).await?.into_iter();
    Ok(people.filter(|(_, role)| role_may(*role, permission)).map(|(colleague, _)| colleague).collect())
}

fn check_name(name: &str) -> Result<()> {
    let fits = (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if fits { Ok(()) } else { Err((&BAD_NAME).into()) }
}

/// A person that can sign in after following the invitation.
pub struct Invited {
    /// Who.
    pub id: PersonId,
    /// As the record names them.
    pub staff: i64,
    /// Good once, for a day.
    pub invitation: String,
}

/// Adds a person, or invites one anew. They choose their password when they follow the link.
pub async fn invite(tx: &mut Tx, caller: &Caller, name: &str, role: Role) -> Result<(Invited, Recorded)> {
    caller.require(Permission::ChangeAccounts)?;
    check_name(name)?;
    let (id, staff, kind) = match store::person_by_name(tx, name).await? {
        Some((id, staff, found)) if found == role => {
            store::enable_person(tx, id).await?;
            (id, staff, "person.invited_again")
        }
        Some(_) => return Err(BAD_NAME.because("a person of this name has another role")),
        None => {
            let staff = tx.next_number("staff").await?;
            let id: PersonId = tx.id();
            store::insert_person(tx, id, staff, name, role).await?;
            (id, staff, "person.added")
        }
    };
    let invitation = new_token("invitation", tx.random());
    let until = later(tx.now(), SignedDuration::from_hours(24));
    store::insert_invitation(tx, &token_hash(&invitation), id, until).await?;
    let proof =
        audit::record(tx, Entry::by(caller, kind).about(id).detail(serde_json::json!({"staff": staff, "role": role})))
            .await?;
    Ok((Invited { id, staff, invitation }, proof))
}

/// Takes a person's access away at once: sessions, links, password. What they did stays theirs in the record, and an
/// invitation brings them back under the same staff number.
pub async fn remove_person(tx: &mut Tx, caller: &Caller, name: &str) -> Result<Recorded> {
    caller.require(Permission::ChangeAccounts)?;
    let person = store::disable_person(tx, name).await?.ok_or(&UNKNOWN_NAME)?;
    audit::record(tx, Entry::by(caller, "person.removed").about(person)).await
}

/// Takes a key's access away at once. Its name stays taken.
pub async fn remove_key(tx: &mut Tx, caller: &Caller, name: &str) -> Result<Recorded> {
    caller.require(Permission::ChangeAccounts)?;
    let key = store::disable_key(tx, name).await?.ok_or(&UNKNOWN_NAME)?;
    audit::record(tx, Entry::by(caller, "key.removed").about(key)).await
}

/// Follows a one-time link: sets the password and opens a session.
pub async fn accept(
    tx: &mut Tx,
    invitation: &str,
    password_hash: &str,
    settings: &sessions::Settings,
    place: &sessions::Place,
) -> Result<(sessions::Session, Recorded)> {
    let hash = token_hash(invitation);
    let person = store::person_invited(tx, &hash).await?.ok_or(&USED_INVITATION)?;
    store::remove_token(tx, &hash).await?;
    store::set_password(tx, person, password_hash).await?;
    audit::record(tx, Entry::by_tanod("person.accepted").about(person)).await.map(drop)?;
    sessions::open(tx, person, sessions::ProvedBy::Invitation, settings, place).await
}

/// Whose password hash to compare with, by name. Comparing is slow on purpose and happens outside the transaction.
pub async fn password_of(tx: &mut Tx, name: &str) -> Result<Option<(PersonId, String)>> {
    store::password_of(tx, name).await
}

/// Somebody of the operator, as an administrator sees them.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// As the record names them.
    pub staff: i64,
    /// For signing in.
    pub name: String,
    /// What for.
    pub role: Role,
    /// Whether they set an authenticator up.
    pub authenticator: bool,
    /// How many passkeys they set up.
    pub passkeys: i64,
    /// Whether they sign in with an account of a provider.
    pub provider: bool,
    /// Sessions that are open.
    pub sessions: i64,
    /// When they last did something, while a session is open.
    #[schema(value_type = Option<String>)]
    pub seen_at: Option<Timestamp>,
    /// When their access was taken away.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
    /// From where they may work.
    pub places: sessions::Places,
}

/// Everybody of the operator, in the order in which they came.
pub async fn members(tx: &mut Tx, caller: &Caller) -> Result<Vec<Member>> {
    caller.require(Permission::ReadAccounts)?;
    store::members(tx).await
}

/// A key of a program, without its token.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct KeyRow {
    /// Which.
    pub key: KeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Its own limit of requests a minute.
    pub per_minute: Option<i64>,
    /// Since when.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When its access was taken away.
    #[schema(value_type = Option<String>)]
    pub removed_at: Option<Timestamp>,
}

/// Every key, in the order in which they were made.
pub async fn keys(tx: &mut Tx, caller: &Caller) -> Result<Vec<KeyRow>> {
    caller.require(Permission::ReadAccounts)?;
    store::keys(tx).await
}

/// A new key; the token is shown once.
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// What the program presents. Not kept.
    pub token: String,
}

/// Adds a key for one of the operator's programs.
pub async fn add_key(
    tx: &mut Tx,
    caller: &Caller,
    name: &str,
    scopes: &[Scope],
    per_minute: Option<u32>,
) -> Result<(NewKey, Recorded)> {
    caller.require(Permission::ChangeAccounts)?;
    check_name(name)?;
    if store::key_name_taken(tx, name).await? {
        return Err(BAD_NAME.because("a key of this name exists"));
    }
    let id: KeyId = tx.id();
    let token = new_token("key", tx.random());
    debug_assert!(is_key(&token), "keys are told from sessions by how they begin");
    store::insert_key(tx, id, name, &token_hash(&token), scopes, per_minute).await?;
    let proof =
        audit::record(tx, Entry::by(caller, "key.added").about(id).detail(serde_json::json!({"scopes": scopes})))
            .await?;
    Ok((NewKey { id, token }, proof))
}

/// Hashes a password with Argon2id. Slow on purpose: call it off the async threads.
pub fn hash_password(password: &str, random: &Random) -> Result<String> {
    use argon2::PasswordHasher as _;
    if password.chars().count() < 12 {
        return Err((&WEAK_PASSWORD).into());
    }
    let salt: [u8; 16] = random.bytes();
    argon2::Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal("hashing a password", error.to_string()))
}

/// Whether the password is the one behind the hash. Slow on purpose: call it off the async threads.
pub fn password_fits(password: &str, hash: &str) -> bool {
    use argon2::PasswordVerifier as _;
    argon2::PasswordHash::new(hash)
        .is_ok_and(|hash| argon2::Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
