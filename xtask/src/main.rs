//! Structural checks and generators.

fn main() {}
