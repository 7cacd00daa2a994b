//! Sealed objects: each under a fresh key of its own, the key wrapped by a ring that opens with a secret kept elsewhere.
//!
//! The wrapped key is not part of the object. Whoever keeps it can destroy the object by destroying the key.

mod object;
mod objects;
mod ring;

pub use object::{ObjectId, OpenError, Sealed, open, seal};
pub use objects::{Objects, ObjectsError, S3};
pub use ring::{KeyRing, KeyRingError, LEAST_SECRET};

/// Where random bytes come from; an argument, so that tests are exact.
pub trait Random {
    /// Fills `out` with bytes nobody can guess.
    fn fill(&self, out: &mut [u8]);
}
