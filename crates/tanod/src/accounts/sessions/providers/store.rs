//! The SQL of providers.

use jiff::Timestamp;

use super::{NOT_LINKED, Purpose};
use crate::accounts::Role;
use crate::refusal::Result;
use crate::store::{PersonId, Row, SessionId, StoreError, Tx, as_word};

/// Remembers who was sent, and forgets those who never came back.
pub(super) async fn insert_way(
    tx: &mut Tx,
    token: &[u8],
    provider: &str,
    purpose: &Purpose,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute("DELETE FROM provider_ways WHERE expires_at <= $1", &[now.into()]).await?;
    let (invitation, session) = match purpose {
        Purpose::SignIn => (None, None),
        Purpose::Invitation(invitation) => (Some(invitation.clone()), None),
        Purpose::Presence(session) => (None, Some(*session)),
    };
    tx.execute(
        "INSERT INTO provider_ways (token, provider, invitation, session, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[token.into(), provider.into(), invitation.into(), session.into(), now.into(), expires_at.into()],
    )
    .await?;
    Ok(())
}

/// Takes who came back, once: why they went, and when.
pub(super) async fn take_way(tx: &mut Tx, token: &[u8], provider: &str) -> Result<Option<(Purpose, Timestamp)>> {
    let now = tx.now();
    let row = tx
        .row(
            "DELETE FROM provider_ways WHERE token = $1 AND provider = $2 AND person IS NULL AND expires_at > $3
             RETURNING invitation, session, created_at",
            &[token.into(), provider.into(), now.into()],
        )
        .await?;
    let read = |row: &Row| {
        let invitation: Option<Vec<u8>> = row.get("invitation")?;
        let session: Option<SessionId> = row.get("session")?;
        let purpose = match (invitation, session) {
            (Some(invitation), _) => Purpose::Invitation(invitation),
            (None, Some(session)) => Purpose::Presence(session),
            (None, None) => Purpose::SignIn,
        };
        Ok::<_, StoreError>((purpose, row.get("created_at")?))
    };
    Ok(row.as_ref().map(read).transpose()?)
}

/// Remembers whose second factor is asked for.
pub(super) async fn insert_asked(
    tx: &mut Tx,
    token: &[u8],
    provider: &str,
    person: PersonId,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO provider_ways (token, provider, person, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[token.into(), provider.into(), person.into(), now.into(), expires_at.into()],
    )
    .await?;
    Ok(())
}

/// Whose second factor is asked for.
pub(super) async fn asked(tx: &mut Tx, token: &[u8]) -> Result<Option<PersonId>> {
    let now = tx.now();
    let row = tx
        .row(
            "SELECT people.id FROM provider_ways JOIN people ON people.id = provider_ways.person
             WHERE provider_ways.token = $1 AND provider_ways.expires_at > $2 AND people.disabled_at IS NULL",
            &[token.into(), now.into()],
        )
        .await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

pub(super) async fn forget(tx: &mut Tx, token: &[u8]) -> Result<()> {
    tx.execute("DELETE FROM provider_ways WHERE token = $1", &[token.into()]).await?;
    Ok(())
}

/// Who this account is, unless their access was taken away.
pub(super) async fn person_of(tx: &mut Tx, provider: &str, subject: &str) -> Result<Option<PersonId>> {
    let row = tx
        .row(
            "SELECT people.id FROM identities JOIN people ON people.id = identities.person
             WHERE identities.provider = $1 AND identities.subject = $2 AND people.disabled_at IS NULL",
            &[provider.into(), subject.into()],
        )
        .await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

/// Who this account was while it was in a group.
pub(super) async fn ended(tx: &mut Tx, provider: &str, subject: &str) -> Result<Option<PersonId>> {
    let sql = "SELECT people.id FROM identities JOIN people ON people.id = identities.person
         WHERE identities.provider = $1 AND identities.subject = $2 AND people.disabled_at IS NOT NULL";
    Ok(tx.row(sql, &[provider.into(), subject.into()]).await?.map(|row| row.get("id")).transpose()?)
}

/// What somebody works as, and what an administrator allowed at most.
pub(super) async fn role_of(tx: &mut Tx, person: PersonId) -> Result<(Role, Role)> {
    let sql = "SELECT role, COALESCE(allowed, role) AS allowed FROM people WHERE id = $1";
    let row = tx.row(sql, &[person.into()]).await?.ok_or(&NOT_LINKED)?;
    Ok((row.word("role")?, row.word("allowed")?))
}

pub(super) async fn set_role(tx: &mut Tx, person: PersonId, role: Role) -> Result<()> {
    tx.execute("UPDATE people SET role = $1 WHERE id = $2", &[as_word(&role).into(), person.into()]).await?;
    Ok(())
}

/// Ends somebody's sessions and keeps them from new ones. Their account stays theirs, for the day when they are in a group again.
pub(super) async fn end(tx: &mut Tx, person: PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE people SET disabled_at = $1 WHERE id = $2", &[now.into(), person.into()]).await?;
    tx.execute("DELETE FROM sessions WHERE person = $1", &[person.into()]).await?;
    Ok(())
}

/// At which providers somebody has an account.
pub(super) async fn of(tx: &mut Tx, person: PersonId) -> Result<Vec<String>> {
    let rows = tx.rows("SELECT provider FROM identities WHERE person = $1", &[person.into()]).await?;
    Ok(rows.iter().map(|row| row.get("provider")).collect::<std::result::Result<_, StoreError>>()?)
}

/// Makes this account somebody's own, unless it is another's.
pub(super) async fn insert_identity(tx: &mut Tx, provider: &str, subject: &str, person: PersonId) -> Result<bool> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO identities (provider, subject, person, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (provider, subject) DO NOTHING",
        &[provider.into(), subject.into(), person.into(), now.into()],
    )
    .await?;
    Ok(person_of(tx, provider, subject).await? == Some(person))
}
