//! A log that nobody can bend unseen: append, sign, prove, verify. It knows nothing of what is logged.
//!
//! Hashing is that of RFC 6962 section 2.1; checkpoints are signed notes as C2SP describes them (`tlog-checkpoint`,
//! `signed-note`); an export has the layout of `tlog-tiles`, so that tools of others read it too.

pub mod export;
mod note;
mod tree;

pub use note::{Checkpoint, NoteError, Signer, Verifier};
pub use tree::{
    Frontier, FrontierError, Hash, consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of,
    verify_consistency, verify_inclusion,
};
