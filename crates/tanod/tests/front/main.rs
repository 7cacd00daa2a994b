//! The whole application in one process, entered by the front door: fixed clock, seeded randomness, a simulated
//! CyberTipline. The same tests run on SQLite and a folder, and, when `TANOD_TEST_POSTGRES` and `TANOD_TEST_S3` name
//! servers, on PostgreSQL and a bucket. A test may not ask which.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod actions;
mod alarms;
mod around;
mod awskms;
mod backup;
mod bad_input;
mod batches;
mod bed;
mod bench;
mod care;
mod cases;
mod clocks;
mod command_line;
mod console;
mod context;
mod csf;
mod desk;
mod disks;
mod drafting;
mod evidence;
mod faults;
mod figures;
mod files;
mod films;
mod formats;
mod holds;
mod keeping;
mod ledger;
mod legal;
mod lists;
mod live_control;
mod live_faults;
mod live_frames;
mod live_pushed;
mod live_sources;
mod livestream;
mod looking;
mod notices;
mod passkeys;
mod permissions;
mod provider;
mod providers;
mod queue;
mod removals;
mod reporting;
mod rooms;
mod safety;
mod second_looks;
mod sessions;
mod setup;
mod sharing;
mod shield;
mod sigkill;
mod sources;
mod stamps;
mod verdicts;
mod viewing;
mod vocabularies;
mod watching;
mod webhooks;
mod worklist;

#[path = "../incidents/mod.rs"]
mod incidents;
