//! An exhibit opened piece by piece: however long a film is, little of it is in memory.

use std::sync::Arc;

use bytes::Bytes;
use vault::{ObjectId, Objects, Opener};

use super::{Exhibit, MEDIA, NOT_KEPT, Vault};
use crate::refusal::{Error, Result};

/// So much of an exhibit is opened at a time: whole frames of the vault's.
const PIECE: u64 = 1 << 20;

/// An exhibit that is opened piece by piece.
pub struct Pieces {
    objects: Arc<Objects>,
    object: ObjectId,
    opener: Opener,
    at: u64,
    /// The sealed bytes of the next piece, where they came with the header.
    ahead: Option<Bytes>,
}

impl Vault {
    /// Opens an exhibit's original bytes piece by piece. One that is not there, or whose key is gone, is refused here.
    pub async fn pieces(&self, exhibit: &Exhibit) -> Result<Pieces> {
        let Some(wrapped) = &exhibit.wrapped_key else { return Err((&NOT_KEPT).into()) };
        let object = ObjectId(exhibit.object.0);
        // The header and the first piece in one reading, which is all there is of most pictures.
        let begin = self.objects.get_range(object, 0..PIECE + PIECE / 64).await?;
        let open = |ring: &_| Opener::new(&begin, object, MEDIA, wrapped, ring);
        let opener = self.ring.with("opening what was sealed", open).await?;
        let span = opener.span(&(0..PIECE));
        let ends = usize::try_from(span.start).ok().zip(usize::try_from(span.end).ok());
        let ahead = ends.filter(|(_, end)| *end <= begin.len()).map(|(start, end)| begin.slice(start..end));
        Ok(Pieces { objects: self.objects.clone(), object, opener, at: 0, ahead })
    }
}

impl Pieces {
    /// Length of the original.
    pub fn length(&self) -> u64 {
        self.opener.length()
    }

    /// Whether the last piece was given.
    pub fn is_over(&self) -> bool {
        self.at >= self.length()
    }

    /// The next piece; none after the last.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.is_over() {
            return Ok(None);
        }
        let part = self.at..self.at.saturating_add(PIECE);
        let sealed = if let Some(ahead) = self.ahead.take() {
            ahead
        } else {
            self.objects.get_range(self.object, self.opener.span(&part)).await?
        };
        let piece = self.opener.open(&part, &sealed);
        let piece = piece.map_err(|error| Error::internal("opening what was sealed", error))?;
        self.at = part.end;
        Ok(Some(piece.into()))
    }
}
