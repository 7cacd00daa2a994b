//! Clients of outside bodies, one module each. They know nothing of the product, and share no code with the simulators.

pub mod arachnid;
pub mod http;
pub mod mail;
pub mod ncmec;
pub mod oidc;
pub mod passkeys;
pub mod signed;
pub mod tsa;
pub mod webhooks;
pub mod whep;
