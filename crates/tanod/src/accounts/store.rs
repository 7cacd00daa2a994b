//! The SQL of people, sessions and keys.

use std::collections::HashMap;

use jiff::Timestamp;

use super::sessions::Places;
use super::{Caller, Colleague, KeyRow, Looker, Member, Role, Scope};
use crate::refusal::{Error, Result};
use crate::store::{KeyId, PersonId, Row, StoreError, Tx, as_word};

pub(super) async fn key_by_token(tx: &mut Tx, token: &[u8]) -> Result<Option<(Caller, Vec<u8>)>> {
    let row = tx
        .row(
            "SELECT id, token, scopes, per_minute FROM api_keys WHERE token = $1 AND disabled_at IS NULL",
            &[token.into()],
        )
        .await?;
    let caller = |row: &Row| {
        let per_minute: Option<i64> = row.get("per_minute")?;
        let scopes: Vec<Scope> = row.json("scopes")?;
        let caller =
            Caller::Key { id: row.get("id")?, scopes, per_minute: per_minute.and_then(|n| u32::try_from(n).ok()) };
        Ok::<_, StoreError>((caller, row.get("token")?))
    };
    Ok(row.as_ref().map(caller).transpose()?)
}

/// Who was invited by a one-time link that is still good.
pub(super) async fn person_invited(tx: &mut Tx, token: &[u8]) -> Result<Option<PersonId>> {
    let now = tx.now();
    let row = tx
        .row(
            "SELECT people.id FROM sessions JOIN people ON people.id = sessions.person
             WHERE sessions.token = $1 AND sessions.kind = 'invitation' AND sessions.expires_at > $2
               AND people.disabled_at IS NULL",
            &[token.into(), now.into()],
        )
        .await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

pub(super) async fn person_by_name(tx: &mut Tx, name: &str) -> Result<Option<(PersonId, i64, Role)>> {
    let row =
        tx.row("SELECT id, staff, COALESCE(allowed, role) AS role FROM people WHERE name = $1", &[name.into()]).await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("id")?, row.get("staff")?, row.word("role")?))).transpose()?)
}

pub(super) async fn staff_of(tx: &mut Tx, person: PersonId) -> Result<Option<i64>> {
    let row = tx.row("SELECT staff FROM people WHERE id = $1", &[person.into()]).await?;
    Ok(row.map(|row| row.get("staff")).transpose()?)
}

pub(super) async fn staff_numbers(tx: &mut Tx) -> Result<HashMap<PersonId, i64>> {
    let rows = tx.rows("SELECT id, staff FROM people", &[]).await?;
    Ok(rows
        .iter()
        .map(|row| Ok::<_, StoreError>((row.get("id")?, row.get("staff")?)))
        .collect::<std::result::Result<_, _>>()?)
}

pub(super) async fn insert_person(tx: &mut Tx, id: PersonId, staff: i64, name: &str, role: Role) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people (id, staff, name, role, created_at, allowed) VALUES ($1, $2, $3, $4, $5, $4)",
        &[id.into(), staff.into(), name.into(), as_word(&role).into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_invitation(
    tx: &mut Tx,
    token: &[u8],
    person: PersonId,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO sessions (token, person, kind, expires_at, created_at) VALUES ($1, $2, 'invitation', $3, $4)",
        &[token.into(), person.into(), expires_at.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn remove_token(tx: &mut Tx, token: &[u8]) -> Result<()> {
    tx.execute("DELETE FROM sessions WHERE token = $1", &[token.into()]).await?;
    Ok(())
}

pub(super) async fn set_password(tx: &mut Tx, person: PersonId, hash: &str) -> Result<()> {
    tx.execute("UPDATE people SET password = $1 WHERE id = $2", &[hash.into(), person.into()]).await?;
    Ok(())
}

pub(super) async fn password_of(tx: &mut Tx, name: &str) -> Result<Option<(PersonId, String)>> {
    let row = tx
        .row(
            "SELECT id, password FROM people WHERE name = $1 AND password IS NOT NULL AND disabled_at IS NULL",
            &[name.into()],
        )
        .await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("id")?, row.get("password")?))).transpose()?)
}

/// Ends somebody's sessions and links, and keeps them from new ones.
pub(super) async fn disable_person(tx: &mut Tx, name: &str) -> Result<Option<PersonId>> {
    // Who is in no group at a provider any more would come back with one.
    let sql = "SELECT id FROM people WHERE name = $1
         AND (disabled_at IS NULL OR id IN (SELECT person FROM identities))";
    let Some(row) = tx.row(sql, &[name.into()]).await? else { return Ok(None) };
    let (person, now): (PersonId, _) = (row.get("id")?, tx.now());
    tx.execute("UPDATE people SET disabled_at = $1, password = NULL WHERE id = $2", &[now.into(), person.into()])
        .await?;
    tx.execute("DELETE FROM sessions WHERE person = $1", &[person.into()]).await?;
    tx.execute("DELETE FROM identities WHERE person = $1", &[person.into()]).await?;
    Ok(Some(person))
}

pub(super) async fn enable_person(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.execute("UPDATE people SET disabled_at = NULL WHERE id = $1", &[person.into()]).await?;
    Ok(())
}

pub(super) async fn disable_key(tx: &mut Tx, name: &str) -> Result<Option<KeyId>> {
    let row = tx.row("SELECT id FROM api_keys WHERE name = $1 AND disabled_at IS NULL", &[name.into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let (id, now): (KeyId, _) = (row.get("id")?, tx.now());
    tx.execute("UPDATE api_keys SET disabled_at = $1 WHERE id = $2", &[now.into(), id.into()]).await?;
    Ok(Some(id))
}

pub(super) async fn key_name_taken(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.row("SELECT id FROM api_keys WHERE name = $1", &[name.into()]).await?.is_some())
}

pub(super) async fn insert_key(
    tx: &mut Tx,
    id: KeyId,
    name: &str,
    token: &[u8],
    scopes: &[Scope],
    per_minute: Option<u32>,
) -> Result<()> {
    let now = tx.now();
    let scopes = serde_json::to_string(scopes).map_err(|error| Error::internal("writing scopes", error))?;
    tx.execute(
        "INSERT INTO api_keys (id, name, token, scopes, per_minute, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[id.into(), name.into(), token.into(), scopes.into(), per_minute.map(i64::from).into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Everybody who has followed an invitation and was not removed.
pub(super) async fn active(tx: &mut Tx) -> Result<Vec<(Colleague, Role)>> {
    let rows = tx
        .rows(
            "SELECT id, staff, role FROM people WHERE disabled_at IS NULL
               AND (password IS NOT NULL OR id IN (SELECT person FROM identities)) ORDER BY staff",
            &[],
        )
        .await?;
    let read = |row: &Row| -> std::result::Result<_, StoreError> {
        Ok((Colleague { id: row.get("id")?, staff: row.get("staff")? }, row.word("role")?))
    };
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

/// Everybody whose role looks at depictions, with their looks since then.
pub(super) async fn lookers(tx: &mut Tx, since: Timestamp) -> Result<Vec<Looker>> {
    let rows = tx
        .rows(
            "SELECT id, staff, role, created_at, looks_from, looks_revoked_at,
                    (SELECT MAX(at) FROM views WHERE person = people.id) AS last_look,
                    (SELECT COUNT(*) FROM views WHERE person = people.id AND at > $1) AS looks
             FROM people WHERE role IN ('reviewer', 'lead') AND disabled_at IS NULL ORDER BY staff",
            &[since.into()],
        )
        .await?;
    let looker = |row: &Row| {
        Ok::<_, StoreError>(Looker {
            person: row.get("id")?,
            staff: row.get("staff")?,
            role: row.word("role")?,
            since: row.get::<Option<Timestamp>>("looks_from")?.map_or_else(|| row.get("created_at"), Ok)?,
            last_look: row.get("last_look")?,
            looks: row.get("looks")?,
            revoked_at: row.get("looks_revoked_at")?,
        })
    };
    Ok(rows.iter().map(looker).collect::<std::result::Result<_, _>>()?)
}

/// Gives the right to look from now on, or ends it.
pub(super) async fn set_looks(tx: &mut Tx, person: PersonId, may: bool) -> Result<()> {
    let now = tx.now();
    let sql = if may {
        "UPDATE people SET looks_from = $1, looks_revoked_at = NULL WHERE id = $2"
    } else {
        "UPDATE people SET looks_revoked_at = $1 WHERE id = $2"
    };
    tx.execute(sql, &[now.into(), person.into()]).await?;
    Ok(())
}

/// Everybody, with their open sessions.
pub(super) async fn members(tx: &mut Tx) -> Result<Vec<Member>> {
    let now = tx.now();
    let rows = tx
        .rows(
            "SELECT id, staff, name, role, disabled_at, networks, countries,
                    (SELECT COUNT(*) FROM authenticators
                     WHERE authenticators.person = people.id AND confirmed_at IS NOT NULL) AS factors,
                    (SELECT COUNT(*) FROM passkeys WHERE passkeys.person = people.id) AS passkeys,
                    (SELECT COUNT(*) FROM identities WHERE identities.person = people.id) AS identities,
                    (SELECT COUNT(*) FROM sessions
                     WHERE sessions.person = people.id AND kind = 'session' AND expires_at > $1) AS sessions,
                    (SELECT MAX(seen_at) FROM sessions
                     WHERE sessions.person = people.id AND kind = 'session' AND expires_at > $1) AS seen_at
             FROM people ORDER BY staff",
            &[now.into()],
        )
        .await?;
    let member = |row: &Row| {
        Ok::<_, StoreError>(Member {
            person: row.get("id")?,
            staff: row.get("staff")?,
            name: row.get("name")?,
            role: row.word("role")?,
            authenticator: row.get::<i64>("factors")? > 0,
            passkeys: row.get("passkeys")?,
            provider: row.get::<i64>("identities")? > 0,
            sessions: row.get("sessions")?,
            seen_at: row.get("seen_at")?,
            removed_at: row.get("disabled_at")?,
            places: Places { networks: row.json("networks")?, countries: row.json("countries")? },
        })
    };
    Ok(rows.iter().map(member).collect::<std::result::Result<_, _>>()?)
}

/// Every key, also those whose access was taken away.
pub(super) async fn keys(tx: &mut Tx) -> Result<Vec<KeyRow>> {
    let sql = "SELECT id, name, scopes, per_minute, created_at, disabled_at FROM api_keys ORDER BY created_at, id";
    let read = |row: &Row| {
        Ok::<_, StoreError>(KeyRow {
            key: row.get("id")?,
            name: row.get("name")?,
            scopes: row.json("scopes")?,
            per_minute: row.get("per_minute")?,
            created_at: row.get("created_at")?,
            removed_at: row.get("disabled_at")?,
        })
    };
    Ok(tx.rows(sql, &[]).await?.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

/// The name of somebody, or of a key.
pub(super) async fn name_of(tx: &mut Tx, person: PersonId) -> Result<Option<String>> {
    let row = tx.row("SELECT name FROM people WHERE id = $1", &[person.into()]).await?;
    Ok(row.map(|row| row.get("name")).transpose()?)
}

pub(super) async fn key_name(tx: &mut Tx, key: KeyId) -> Result<Option<String>> {
    let row = tx.row("SELECT name FROM api_keys WHERE id = $1", &[key.into()]).await?;
    Ok(row.map(|row| row.get("name")).transpose()?)
}
