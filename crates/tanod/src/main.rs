//! Tanod: see the library of the same name. Reads the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The decoder is this same binary, started again with nothing; it must not even read the settings.
    if std::env::args().nth(1).as_deref() == Some("decode-child") {
        return decode::child::run();
    }
    tanod::cli::main()
}
