//! The SQL of sessions and second factors.

use jiff::{SignedDuration, Timestamp};

use super::factors::{Held, Sealed};
use super::{Place, Places, ProvedBy, Row as Session, Standing};
use crate::accounts::Caller;
use crate::refusal::Result;
use crate::store::{ObjectId, PersonId, Row, SessionId, StoreError, Tx, as_word};

pub(super) async fn standing(
    tx: &mut Tx,
    token: &[u8],
    presence: SignedDuration,
) -> Result<Option<(Standing, Vec<u8>)>> {
    let now = tx.now();
    let row = tx
        .row(
            "SELECT people.id, people.staff, people.role, people.looks_revoked_at, people.networks, people.countries,
                    sessions.token, sessions.id AS session, sessions.proved_by, sessions.seen_at, sessions.present_at
             FROM sessions JOIN people ON people.id = sessions.person
             WHERE sessions.token = $1 AND sessions.kind = 'session' AND sessions.expires_at > $2
               AND people.disabled_at IS NULL",
            &[token.into(), now.into()],
        )
        .await?;
    let standing = |row: &Row| {
        let caller = Caller::Person {
            id: row.get("id")?,
            staff: row.get("staff")?,
            role: row.word("role")?,
            looks: row.get::<Option<Timestamp>>("looks_revoked_at")?.is_none(),
            session: row.get("session")?,
            present: now.duration_since(row.get("present_at")?) <= presence,
        };
        let standing = Standing {
            caller,
            proved_by: row.word("proved_by")?,
            seen_at: row.get("seen_at")?,
            networks: row.json("networks")?,
            countries: row.json("countries")?,
        };
        Ok::<_, StoreError>((standing, row.get("token")?))
    };
    Ok(row.as_ref().map(standing).transpose()?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: SessionId,
    token: &[u8],
    person: PersonId,
    proved_by: ProvedBy,
    expires_at: Timestamp,
    place: &Place,
) -> Result<()> {
    let now = tx.now();
    let address = place.address.map(|address| address.to_string());
    tx.execute(
        "INSERT INTO sessions
             (token, person, kind, expires_at, created_at, id, proved_by, seen_at, present_at, address, browser)
         VALUES ($1, $2, 'session', $3, $4, $5, $6, $4, $4, $7, $8)",
        &[
            token.into(),
            person.into(),
            expires_at.into(),
            now.into(),
            id.into(),
            as_word(&proved_by).into(),
            address.into(),
            place.browser.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_seen(tx: &mut Tx, session: SessionId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE sessions SET seen_at = $1 WHERE id = $2", &[now.into(), session.into()]).await?;
    Ok(())
}

/// Nobody is there, and nobody has been.
pub(super) async fn set_shut(tx: &mut Tx, session: SessionId) -> Result<()> {
    tx.execute("UPDATE sessions SET seen_at = 0, present_at = 0 WHERE id = $1", &[session.into()]).await?;
    Ok(())
}

/// Somebody is there. What a session was opened by is never made less by it.
pub(super) async fn set_present(tx: &mut Tx, session: SessionId, proved_by: ProvedBy) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE sessions SET seen_at = $1, present_at = $1 WHERE id = $2", &[now.into(), session.into()])
        .await?;
    if self::proved_by(tx, session).await?.is_none_or(|before| before < proved_by) && proved_by.is_second_factor() {
        tx.execute("UPDATE sessions SET proved_by = $1 WHERE id = $2", &[as_word(&proved_by).into(), session.into()])
            .await?;
    }
    Ok(())
}

pub(super) async fn of(tx: &mut Tx, person: PersonId, this: SessionId) -> Result<Vec<Session>> {
    let now = tx.now();
    let rows = tx
        .rows(
            "SELECT id, proved_by, created_at, seen_at, expires_at, address, browser FROM sessions
             WHERE person = $1 AND kind = 'session' AND expires_at > $2 ORDER BY created_at DESC, id",
            &[person.into(), now.into()],
        )
        .await?;
    let read = |row: &Row| {
        let session: SessionId = row.get("id")?;
        Ok::<_, StoreError>(Session {
            session,
            this: session == this,
            proved_by: row.word("proved_by")?,
            opened_at: row.get("created_at")?,
            seen_at: row.get("seen_at")?,
            expires_at: row.get("expires_at")?,
            address: row.get("address")?,
            browser: row.get("browser")?,
        })
    };
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

pub(super) async fn person_of(tx: &mut Tx, session: SessionId) -> Result<Option<PersonId>> {
    let row = tx.row("SELECT person FROM sessions WHERE id = $1", &[session.into()]).await?;
    Ok(row.map(|row| row.get("person")).transpose()?)
}

pub(super) async fn ends_at(tx: &mut Tx, session: SessionId) -> Result<Option<Timestamp>> {
    let row = tx.row("SELECT expires_at FROM sessions WHERE id = $1", &[session.into()]).await?;
    Ok(row.map(|row| row.get("expires_at")).transpose()?)
}

pub(super) async fn remove(tx: &mut Tx, session: SessionId) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE id = $1", &[session.into()]).await?;
    Ok(())
}

/// Ends all sessions of somebody but this one.
pub(super) async fn remove_others(tx: &mut Tx, person: PersonId, but: Option<SessionId>) -> Result<()> {
    let but = but.map_or(uuid::Uuid::nil(), |session| session.0);
    tx.execute(
        "DELETE FROM sessions WHERE person = $1 AND kind = 'session' AND id <> $2",
        &[person.into(), but.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_places(tx: &mut Tx, person: PersonId, places: &Places) -> Result<bool> {
    let networks: Vec<String> = places.networks.iter().map(ToString::to_string).collect();
    let (networks, countries) =
        (serde_json::json!(networks).to_string(), serde_json::json!(places.countries).to_string());
    let n = tx
        .execute(
            "UPDATE people SET networks = $1, countries = $2 WHERE id = $3",
            &[networks.as_str().into(), countries.as_str().into(), person.into()],
        )
        .await?;
    Ok(n == 1)
}

/// The name somebody signs in with, and the hash of their password.
pub(super) async fn name_and_password(tx: &mut Tx, person: PersonId) -> Result<Option<(String, Option<String>)>> {
    let row = tx.row("SELECT name, password FROM people WHERE id = $1", &[person.into()]).await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("name")?, row.get("password")?))).transpose()?)
}

/// Somebody's authenticator: its sealed secret, the last step that was used, whether it was confirmed.
pub(super) async fn authenticator(tx: &mut Tx, person: PersonId) -> Result<Option<Sealed>> {
    let row = tx
        .row(
            "SELECT object, bytes, wrapped_key, last_step, confirmed_at FROM authenticators WHERE person = $1",
            &[person.into()],
        )
        .await?;
    let read = |row: &Row| {
        Ok::<_, StoreError>(Sealed {
            object: row.get("object")?,
            bytes: row.get("bytes")?,
            wrapped_key: row.get("wrapped_key")?,
            last_step: row.get("last_step")?,
            confirmed: row.get::<Option<Timestamp>>("confirmed_at")?.is_some(),
        })
    };
    Ok(row.as_ref().map(read).transpose()?)
}

/// Every authenticator: whose, what was sealed, and its wrapped key.
pub(super) async fn authenticators(tx: &mut Tx) -> Result<Vec<(PersonId, ObjectId, Vec<u8>)>> {
    let rows = tx.rows("SELECT person, object, wrapped_key FROM authenticators ORDER BY person", &[]).await?;
    let read = |row: &Row| Ok::<_, StoreError>((row.get("person")?, row.get("object")?, row.get("wrapped_key")?));
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

/// Puts another wrapped key in the place of the one before, unless another secret was begun meanwhile.
pub(super) async fn rewrap_authenticator(
    tx: &mut Tx,
    person: PersonId,
    object: ObjectId,
    wrapped: &[u8],
) -> Result<()> {
    let sql = "UPDATE authenticators SET wrapped_key = $1 WHERE person = $2 AND object = $3";
    tx.execute(sql, &[wrapped.into(), person.into(), object.into()]).await?;
    Ok(())
}

/// Puts a new authenticator in the place of one that was not confirmed, or of none.
pub(super) async fn begin_authenticator(tx: &mut Tx, person: PersonId, sealed: &Sealed) -> Result<()> {
    let now = tx.now();
    tx.execute("DELETE FROM authenticators WHERE person = $1 AND confirmed_at IS NULL", &[person.into()]).await?;
    tx.execute(
        "INSERT INTO authenticators (person, object, bytes, wrapped_key, last_step, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            person.into(),
            sealed.object.into(),
            sealed.bytes.as_slice().into(),
            sealed.wrapped_key.as_slice().into(),
            sealed.last_step.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Uses a step, unless it or a later one was used: also of two requests at one time only one does.
pub(super) async fn use_step(tx: &mut Tx, person: PersonId, step: i64) -> Result<bool> {
    let n = tx
        .execute(
            "UPDATE authenticators SET last_step = $1 WHERE person = $2 AND last_step < $1",
            &[step.into(), person.into()],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn confirm_authenticator(tx: &mut Tx, person: PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE authenticators SET confirmed_at = $1 WHERE person = $2", &[now.into(), person.into()]).await?;
    Ok(())
}

/// Takes somebody's authenticator away.
pub(super) async fn remove_authenticator(tx: &mut Tx, person: PersonId) -> Result<bool> {
    Ok(tx.execute("DELETE FROM authenticators WHERE person = $1", &[person.into()]).await? > 0)
}

/// Takes everything away that somebody has beside a password.
pub(super) async fn remove_factors(tx: &mut Tx, person: PersonId) -> Result<()> {
    for sql in [
        "DELETE FROM recovery_codes WHERE person = $1",
        "DELETE FROM authenticators WHERE person = $1",
        "DELETE FROM passkeys WHERE person = $1",
        "DELETE FROM passkey_challenges WHERE person = $1",
    ] {
        tx.execute(sql, &[person.into()]).await?;
    }
    Ok(())
}

/// Which factors somebody has.
pub(super) async fn held(tx: &mut Tx, person: PersonId) -> Result<Held> {
    let row = tx
        .row(
            "SELECT (SELECT COUNT(*) FROM authenticators WHERE person = $1 AND confirmed_at IS NOT NULL) AS authenticators,
                    (SELECT COUNT(*) FROM passkeys WHERE person = $1) AS passkeys,
                    (SELECT COUNT(*) FROM recovery_codes WHERE person = $1 AND used_at IS NULL) AS codes",
            &[person.into()],
        )
        .await?;
    let count = |name: &str| row.as_ref().map_or(Ok(0), |row| row.get::<i64>(name));
    Ok(Held { authenticator: count("authenticators")? > 0, passkeys: count("passkeys")?, codes: count("codes")? })
}

/// By what a session was opened, or is worked in by now.
pub(super) async fn proved_by(tx: &mut Tx, session: SessionId) -> Result<Option<ProvedBy>> {
    let row = tx.row("SELECT proved_by FROM sessions WHERE id = $1", &[session.into()]).await?;
    Ok(row.map(|row| row.word("proved_by")).transpose()?)
}

/// Puts these codes in the place of those of before.
pub(super) async fn set_codes(tx: &mut Tx, person: PersonId, codes: &[[u8; 32]]) -> Result<()> {
    tx.execute("DELETE FROM recovery_codes WHERE person = $1", &[person.into()]).await?;
    for code in codes {
        tx.execute(
            "INSERT INTO recovery_codes (person, code) VALUES ($1, $2)",
            &[person.into(), code.as_slice().into()],
        )
        .await?;
    }
    Ok(())
}

/// Uses a code, unless it was used.
pub(super) async fn use_code(tx: &mut Tx, person: PersonId, code: &[u8; 32]) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "UPDATE recovery_codes SET used_at = $1 WHERE person = $2 AND code = $3 AND used_at IS NULL",
            &[now.into(), person.into(), code.as_slice().into()],
        )
        .await?;
    Ok(n == 1)
}
