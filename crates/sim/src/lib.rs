//! Simulators of outside bodies, written from the bodies' own documents and never from our clients: what the two agree
//! on is then what the documents say.

pub mod arachnid;
pub mod edits;
pub mod ncmec;
pub mod oidc;
pub mod passkeys;
pub mod pictures;
pub mod receiver;
pub mod rtsp;
pub mod smtp;
pub mod tsa;
