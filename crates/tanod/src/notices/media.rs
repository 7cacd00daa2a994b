//! Media that comes with a notice: looked at, judged and sealed like an upload, and always kept with the case.

use bytes::Bytes;

use super::{NewNotice, store};
use crate::intake::{self, Arrival, Facts};
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{ItemId, NoticeId, ObjectId, Tx, new_uuid};

/// A file on its way in.
pub struct Told {
    pub(super) arrival: Arrival,
}

/// Looks at a file and seals it, whatever is found: a person told of it, and a person will look.
pub(super) async fn examine(app: &App, said: &NewNotice, nth: usize, media: &Bytes) -> Result<Told> {
    let (prints, judgement) = intake::judge(app, media).await;
    let now = app.db.clock().now();
    let object = ObjectId(new_uuid(now, app.db.random()));
    let sealed = app.vault.seal(object, media).await?;
    let id = ItemId(new_uuid(now, app.db.random()));
    let content_id = said.content_ids.get(nth).cloned().unwrap_or_else(|| format!("told with a notice: {id}"));
    let facts = Facts {
        content_id,
        account: said.account.clone().filter(|_| !said.kind.is_victims()),
        urls: said.urls.clone(),
        ..Facts::default()
    };
    Ok(Told { arrival: Arrival { id, facts, bytes: media.len(), prints, judgement, sealed: Some(sealed) } })
}

/// Writes a file of a notice. It is looked at again by nobody but a person: the case keeps it, scanned or not.
pub(super) async fn keep(tx: &mut Tx, notice: NoticeId, told: &Told) -> Result<()> {
    intake::keep_told(tx, notice.0, &told.arrival).await?;
    store::insert_item(tx, notice, told.arrival.id).await
}
