//! The SQL of passkeys.

use jiff::Timestamp;

use super::{Credential, Passkey};
use crate::refusal::Result;
use crate::store::{PasskeyId, PersonId, Row, StoreError, Tx};

/// Remembers a question, and forgets those that are too old.
pub(super) async fn insert_challenge(
    tx: &mut Tx,
    challenge: &[u8],
    person: PersonId,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute("DELETE FROM passkey_challenges WHERE expires_at <= $1", &[now.into()]).await?;
    tx.execute(
        "INSERT INTO passkey_challenges (challenge, person, expires_at) VALUES ($1, $2, $3)",
        &[challenge.into(), person.into(), expires_at.into()],
    )
    .await?;
    Ok(())
}

/// Uses a question up; says whether this person was asked it, and lately.
pub(super) async fn use_challenge(tx: &mut Tx, challenge: &[u8], person: PersonId) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "DELETE FROM passkey_challenges WHERE challenge = $1 AND person = $2 AND expires_at > $3",
            &[challenge.into(), person.into(), now.into()],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn credentials(tx: &mut Tx, person: PersonId) -> Result<Vec<Vec<u8>>> {
    let sql = "SELECT credential FROM passkeys WHERE person = $1 ORDER BY created_at, name, id";
    let rows = tx.rows(sql, &[person.into()]).await?;
    Ok(rows.iter().map(|row| row.get("credential")).collect::<std::result::Result<_, _>>()?)
}

pub(super) async fn list(tx: &mut Tx, person: PersonId) -> Result<Vec<Passkey>> {
    let sql = "SELECT id, name, created_at, used_at FROM passkeys WHERE person = $1 ORDER BY created_at, name, id";
    let read = |row: &Row| {
        Ok::<_, StoreError>(Passkey {
            passkey: row.get("id")?,
            name: row.get("name")?,
            created_at: row.get("created_at")?,
            used_at: row.get("used_at")?,
        })
    };
    Ok(tx.rows(sql, &[person.into()]).await?.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

/// The passkey that its device calls so, if it is this person's. Its row is locked, for its counter goes on.
pub(super) async fn of(tx: &mut Tx, person: PersonId, credential: &[u8]) -> Result<Option<(PasskeyId, Credential)>> {
    let sql = tx.dialect(
        "SELECT id, credential, algorithm, public_key, counter FROM passkeys WHERE person = $1 AND credential = $2",
        "SELECT id, credential, algorithm, public_key, counter FROM passkeys WHERE person = $1 AND credential = $2
         FOR UPDATE",
    );
    let row = tx.row(sql, &[person.into(), credential.into()]).await?;
    let read = |row: &Row| {
        let credential = Credential {
            id: row.get("credential")?,
            algorithm: row.get("algorithm")?,
            public_key: row.get("public_key")?,
            counter: u32::try_from(row.get::<i64>("counter")?).unwrap_or(u32::MAX),
        };
        Ok::<_, StoreError>((row.get("id")?, credential))
    };
    Ok(row.as_ref().map(read).transpose()?)
}

/// Keeps a passkey, unless somebody has it already.
pub(super) async fn insert(
    tx: &mut Tx,
    id: PasskeyId,
    person: PersonId,
    credential: &Credential,
    name: &str,
) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "INSERT INTO passkeys (id, person, credential, algorithm, public_key, counter, name, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential) DO NOTHING",
            &[
                id.into(),
                person.into(),
                credential.id.as_slice().into(),
                credential.algorithm.into(),
                credential.public_key.as_slice().into(),
                i64::from(credential.counter).into(),
                name.into(),
                now.into(),
            ],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn set_used(tx: &mut Tx, passkey: PasskeyId, counter: u32) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE passkeys SET used_at = $1, counter = $2 WHERE id = $3",
        &[now.into(), i64::from(counter).into(), passkey.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, person: PersonId, passkey: PasskeyId) -> Result<bool> {
    let sql = "DELETE FROM passkeys WHERE id = $1 AND person = $2";
    Ok(tx.execute(sql, &[passkey.into(), person.into()]).await? == 1)
}
