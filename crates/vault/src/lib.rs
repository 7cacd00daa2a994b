//! Sealed objects: each under a fresh key of its own, the key wrapped by a ring that opens with a secret kept elsewhere.
//!
//! The wrapped key is not part of the object. Whoever keeps it can destroy the object by destroying the key.

mod bucket;
mod kms;
mod lock;
mod object;
mod objects;
mod ring;
mod secret;

pub use bucket::Keeps;
pub use kms::{Kms, KmsError, KmsKey};
pub use lock::{Lock, is_recipient, recovery_identity};
pub use object::{ObjectId, OpenError, Opener, Sealed, Sealer, open, rewrap, seal};
pub use objects::{Objects, ObjectsError, S3};
pub use ring::{KeyRing, KeyRingError, LEAST_SECRET};
pub use secret::Secret;

/// Where random bytes come from; an argument, so that tests are exact.
pub trait Random {
    /// Fills `out` with bytes nobody can guess.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator, through aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) {
        // It fails only where the system has no generator at all, and then no key may be made.
        if aws_lc_rs::rand::fill(out).is_err() {
            std::process::abort();
        }
    }
}
