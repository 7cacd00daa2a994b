//! A log that nobody can bend unseen: append, sign, prove, verify. It knows nothing of what is logged.
//!
//! Hashing is that of RFC 6962 section 2.1; checkpoints are signed notes as C2SP describes them (`tlog-checkpoint`,
//! `signed-note`, `tlog-cosignature`), proofs are `tlog-proof`, and files have the layout of `tlog-tiles`, so that tools of
//! others read them too.

pub mod export;
mod note;
mod proof;
pub mod stamp;
mod tiles;
mod tree;
mod witness;

pub use note::{Checkpoint, NoteError, Signer, Verifier};
pub use proof::{Growth, Inclusion, ProofError};
pub use tiles::{WriteError, Writer};
pub use tree::{
    Frontier, FrontierError, Hash, consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of,
    verify_consistency, verify_inclusion,
};
pub use witness::{Cosigned, Witness};
