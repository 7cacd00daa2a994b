//! Tanod.
