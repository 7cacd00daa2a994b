//! The demo's flow, killed at fifty random moments: nothing lost, nothing doubled.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "the program is started to be killed")]
fn demo(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    command.args(["demo", "--once", "--json", "--data"]).arg(data).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn killed_fifty_times_the_demo_still_ends_as_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(50);
    let (mut kills, mut rounds) = (0, 0);
    while kills < 50 {
        rounds += 1;
        let data = folder.path().join(format!("data-{rounds}"));
        // Some kills within one installation, then a fresh one, so that every part of the flow is hit.
        for _ in 0..rng.random_range(4..9) {
            let mut child = demo(&data).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(rng.random_range(20..1_600)));
            let over = child.try_wait().unwrap().is_some();
            child.kill().ok();
            child.wait().unwrap();
            kills += u32::from(!over);
            if over {
                break;
            }
        }
        let output = demo(&data).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let last: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or_default();
        assert!(output.status.success() && last["ok"] == true, "round {rounds} after {kills} kills: {said}");
        // Every upload is there once, every case has its report once, and the ledger verifies: the demo checks all of it.
        assert_eq!((&last["uploads"], &last["cases"]), (&Value::from(50), &Value::from(8)));
        assert_eq!(last["reports"].as_array().unwrap().len(), 7);
        assert_eq!(last["ledger"]["verified"], true);
    }
}
