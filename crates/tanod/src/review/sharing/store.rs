//! The SQL of what is not passed on.

use super::super::store::Read;
use super::Allowed;
use crate::refusal::Result;
use crate::store::{PersonId, Row, Tx};

/// A file that may be a child's own picture.
pub(super) struct File {
    pub(super) md5: Vec<u8>,
    pub(super) sha1: Vec<u8>,
    pub(super) sha256: Vec<u8>,
    pub(super) frames: Vec<(String, u8)>,
}

/// Uploads of an account that may be a child's, or that a person called a victim's and nobody took over; uploads of which a
/// decision says that the child may have made them; and what the person depicted told of, with the notice, by the content's name
/// or by its address. Begins with what there is little of: uploads are many.
macro_rules! childs_own {
    ($tx:ident, $what:literal, $and:literal) => {
        $tx.dialect(
            childs_own!($what, "json_each(notices.content_ids)", $and),
            childs_own!($what, "json_array_elements_text(notices.content_ids::json) AS named (value)", $and),
        )
    };
    ($what:literal, $named:literal, $and:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM items WHERE id IN (
                 SELECT signals.item FROM involved JOIN cases ON cases.id = involved.case_id
                     JOIN signals ON signals.case_id = cases.id
                 WHERE (involved.likely_minor OR (involved.role = 'victim' AND NOT involved.hijacked))
                   AND (involved.account = cases.account OR (involved.account IS NULL AND cases.account IS NULL))
                 UNION SELECT signals.item FROM decisions JOIN signals ON signals.decision = decisions.id
                 WHERE decisions.undone_at IS NULL AND decisions.particulars LIKE '%possibleSelfProduction%'
                 UNION SELECT notice_items.item FROM notices JOIN notice_items ON notice_items.notice = notices.id
                 WHERE notices.reason = 'own_picture'
                 UNION SELECT uploads.id FROM notices CROSS JOIN ",
            $named,
            " JOIN items AS uploads ON uploads.content_id = value WHERE notices.reason = 'own_picture'
                 UNION SELECT uploads.id FROM notices JOIN notice_addresses ON notice_addresses.notice = notices.id
                     JOIN content_addresses ON content_addresses.address = notice_addresses.address
                     JOIN items AS uploads ON uploads.content_id = content_addresses.content_id
                 WHERE notices.reason = 'own_picture'
                 UNION SELECT uploads.id FROM notices JOIN notice_addresses ON notice_addresses.notice = notices.id
                     JOIN content_addresses ON content_addresses.address = notice_addresses.address
                     JOIN items AS uploads ON uploads.sha256 = content_addresses.sha256
                 WHERE notices.reason = 'own_picture') ",
            $and
        )
    };
}

pub(super) async fn childs_own(tx: &mut Tx) -> Result<Vec<File>> {
    let sql = childs_own!(
        tx,
        "md5, sha1, sha256, frames",
        "AND NOT EXISTS (SELECT 1 FROM sharing_allowed WHERE sharing_allowed.sha256 = items.sha256)"
    );
    let read = |row: &Row| {
        Ok(File {
            md5: row.get("md5")?,
            sha1: row.get("sha1")?,
            sha256: row.get("sha256")?,
            frames: row.json("frames")?,
        })
    };
    Ok(tx.rows(sql, &[]).await?.iter().map(read).collect::<Read<_>>()?)
}

/// Digests of what the platform says is seen at an address that the person depicted named, also where it was never sent here.
pub(super) async fn named(tx: &mut Tx) -> Result<Vec<Vec<u8>>> {
    let sql = "SELECT DISTINCT content_addresses.sha256 AS sha256 FROM notices
             JOIN notice_addresses ON notice_addresses.notice = notices.id
             JOIN content_addresses ON content_addresses.address = notice_addresses.address
         WHERE notices.reason = 'own_picture' AND content_addresses.sha256 IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM sharing_allowed WHERE sharing_allowed.sha256 = content_addresses.sha256)";
    Ok(tx.rows(sql, &[]).await?.iter().map(|row| row.get("sha256")).collect::<Read<_>>()?)
}

pub(super) async fn is_childs_own(tx: &mut Tx, sha256: &[u8]) -> Result<bool> {
    let sql = childs_own!(tx, "id", "AND sha256 = $1 LIMIT 1");
    Ok(tx.row(sql, &[sha256.into()]).await?.is_some())
}

pub(super) async fn allowed(tx: &mut Tx, sha256: &[u8]) -> Result<Option<Allowed>> {
    let row = tx.row("SELECT reason, by_person, at FROM sharing_allowed WHERE sha256 = $1", &[sha256.into()]).await?;
    let read = |row: &Row| Ok(Allowed { reason: row.get("reason")?, by: row.get("by_person")?, at: row.get("at")? });
    Ok(row.as_ref().map(read as fn(&Row) -> Read<Allowed>).transpose()?)
}

pub(super) async fn forget(tx: &mut Tx, sha256: &[u8]) -> Result<()> {
    tx.execute("DELETE FROM sharing_allowed WHERE sha256 = $1", &[sha256.into()]).await?;
    Ok(())
}

pub(super) async fn allow(tx: &mut Tx, sha256: &[u8], reason: &str, by: PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO sharing_allowed (sha256, reason, by_person, at) VALUES ($1, $2, $3, $4)",
        &[sha256.into(), reason.into(), by.into(), now.into()],
    )
    .await?;
    Ok(())
}
