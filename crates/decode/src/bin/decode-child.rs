//! The child alone, for this crate's own tests; the product starts its own binary again instead.

fn main() -> std::process::ExitCode {
    decode::child::run()
}
