//! Fingerprints of pictures and files, and the index that finds them again. Pure: bytes and pixels in, hashes out.

mod digest;
mod index;
mod overlap;
mod pdq;
mod vpdq;

pub use digest::{DigestStream, Digests};
pub use index::{DigestKind, Folded, Folding, Id, Index, Near, Print, Retired, Same, SnapshotError};
pub use overlap::{Alike, Stretch, covered, stretches};
pub use pdq::{Axis, Grid, Luma, LumaError, ParsePdqError, Pdq, PdqHash, pdq, pdq_rgb8};
pub use vpdq::{NoFrame, VideoFrame, Vpdq, VpdqError};
