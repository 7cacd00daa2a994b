//! A child's own picture: its hash is not passed on, unless a lead says so for that file, with a reason. Whoever made such a
//! picture is a victim, and a list that travels cannot be called back (HR-11).

mod store;

use std::collections::HashSet;

use fingerprint::Pdq;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NO_REASON, files};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry as Event};
use crate::banks::{Entry, Signal, usual_threshold};
use crate::refusal::Result;
use crate::store::{PersonId, Recorded, Tx};

/// Whether the hash of a file may be passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Sharing {
    /// Whether it may be a child's own picture: an account that may be a child's sent it, a decision says that the child may have
    /// made it, or the person depicted told of it.
    pub childs_own: bool,
    /// The lead's word that it may be passed on all the same.
    pub allowed: Option<Allowed>,
}

/// A lead's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Allowed {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What is said about passing on a file's hash.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSharing {
    /// Yes, or no more.
    pub allow: bool,
    /// Why, in a sentence.
    pub reason: String,
}

/// The fingerprints of pictures that may be a child's own and that nobody released.
#[derive(Default)]
pub struct ChildsOwn {
    digests: HashSet<(&'static str, Vec<u8>)>,
    pictures: Vec<Pdq>,
}

impl ChildsOwn {
    /// Whether an entry stands for one of them: the same digest, or a hash as near as a copy is.
    pub fn is(&self, entry: &Entry) -> bool {
        let kind = match entry.signal {
            Signal::Md5 => "md5",
            Signal::Sha1 => "sha1",
            Signal::Sha256 => "sha256",
            Signal::Pdq => {
                let Ok(bytes) = <[u8; 32]>::try_from(entry.value.as_slice()) else { return false };
                return self.shows(&Pdq::from_bytes(bytes));
            }
            Signal::Vpdq => {
                return entry.film().is_some_and(|film| film.frames().iter().any(|frame| self.shows(&frame.hash)));
            }
            Signal::Photodna => return false,
        };
        !self.digests.is_empty() && self.digests.contains(&(kind, entry.value.clone()))
    }

    fn shows(&self, hash: &Pdq) -> bool {
        self.pictures.iter().any(|own| own.distance(hash) <= usual_threshold())
    }
}

/// The fingerprints that are not passed on.
pub async fn childs_own(tx: &mut Tx) -> Result<ChildsOwn> {
    let mut all = ChildsOwn::default();
    for file in store::childs_own(tx).await? {
        all.digests.extend([("md5", file.md5), ("sha1", file.sha1), ("sha256", file.sha256)]);
        all.pictures.extend(file.frames.iter().filter_map(|(hash, _)| hash.parse::<Pdq>().ok()));
    }
    all.digests.extend(store::named(tx).await?.into_iter().map(|sha256| ("sha256", sha256)));
    Ok(all)
}

/// Whether the hash of one file may be passed on.
pub(super) async fn of_file(tx: &mut Tx, sha256: &[u8]) -> Result<Sharing> {
    Ok(Sharing { childs_own: store::is_childs_own(tx, sha256).await?, allowed: store::allowed(tx, sha256).await? })
}

/// A lead allows, or no longer allows, that the hash of a file that may be a child's own picture is passed on.
pub async fn set(tx: &mut Tx, caller: &Caller, sha256: &str, new: &NewSharing) -> Result<(Sharing, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    let person = caller.person()?;
    let bytes = files::digest(sha256)?;
    files::file(tx, caller, sha256).await.map(drop)?;
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    store::forget(tx, &bytes).await?;
    if new.allow {
        store::allow(tx, &bytes, new.reason.trim(), person).await?;
    }
    let kind = if new.allow { "sharing.allowed" } else { "sharing.forbidden" };
    let detail = serde_json::json!({"sha256": hex::encode(&bytes), "reason": new.reason.trim()});
    let proof = audit::record(tx, Event::by(caller, kind).detail(detail)).await?;
    Ok((of_file(tx, &bytes).await?, proof))
}
