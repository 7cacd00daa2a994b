//! Killed at random moments: nothing lost, nothing doubled. The whole flow of the demo, and the filing of reports under every fault.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sim::ncmec::{Endpoint, Misbehaviour};
use tanod::accounts::Role;
use tanod::store::Recorded;

use super::bed::*;
use super::cases::*;

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

/// Every way in which a call can go wrong, at every call.
fn any_fault(rng: &mut rand_chacha::ChaCha20Rng) -> (Endpoint, Misbehaviour) {
    use Misbehaviour as M;
    let at = [Endpoint::Submit, Endpoint::Upload, Endpoint::Fileinfo, Endpoint::Finish, Endpoint::Retract];
    let how = [
        M::CutAfterActing,
        M::CutBeforeActing,
        M::Slow(Duration::from_millis(40)),
        M::Trickle(Duration::from_millis(1)),
        M::WrongMd5,
        M::Html500,
        M::Unauthorized,
        M::ZeroWith500,
        M::Code(1_100),
        M::Code(4_100),
        M::Code(9_999),
        M::ExtraElements,
        M::TooManyRequests,
        M::ExpireNow,
        M::DoneWithError(1_000),
        M::Twice,
    ];
    // None that the simulator knows is left out.
    for known in M::EVERY {
        assert!(how.iter().any(|one| std::mem::discriminant(one) == std::mem::discriminant(&known)), "{known:?}");
    }
    (at[rng.random_range(0..at.len())], how[rng.random_range(0..how.len())])
}

/// A worker in a process of its own, on the installation of the test.
#[expect(clippy::disallowed_methods, reason = "the program is started to be killed")]
fn worker(settings: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanod"));
    command.args(["serve", "--role", "worker", "--config"]).arg(settings);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Killed at two hundred random points under every fault that the simulator knows: each case ends as exactly one finished
/// report, or waits for a person who is told; never two, never silently none.
#[tokio::test(flavor = "multi_thread")]
async fn killed_two_hundred_times_under_every_fault_each_case_is_one_report_or_waits_for_a_person() {
    let mut bed = Bed::new().await;
    let file = bed.data().join("worker.toml");
    let mut settings = bed.settings.clone();
    settings.world = Some(tanod::store::World::Demo);
    fs_err::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    let media = known(&bed, 1).await;
    let lead = bed.person(Role::Lead).await;
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(200);
    // Whatever waits for a later moment is due now, and whoever held a lease is dead.
    let due = async || {
        let mut tx = bed.app.db.write().await.unwrap();
        let sql = "UPDATE jobs SET due_at = 0, attempts = 0, state = 'waiting', lease = NULL, leased_until = NULL
                   WHERE lane = 'reports' AND state <> 'dead'";
        tx.execute(sql, &[]).await.unwrap();
        // A destination that failed is not left alone for a while.
        tx.execute("DELETE FROM destination_lines", &[]).await.unwrap();
        tx.commit(Recorded::unrecorded("time passes for a test")).await.unwrap();
    };
    let open = async || bed.count("SELECT COUNT(*) AS n FROM reports WHERE state IN ('waiting', 'filing')").await;
    let (mut cases, mut kills) = (0, 0);
    while kills < 200 {
        if open().await < 6 {
            for _ in 0..12 {
                cases += 1;
                let (case, _) = matched(&bed, &media, &format!("u{cases}")).await;
                lease(&bed, &lead, &case).await;
                decide(&bed, &lead, &case, &report(&[])).await.ok();
            }
        }
        for _ in 0..rng.random_range(0..4) {
            let (at, how) = any_fault(&mut rng);
            bed.sim.misbehave(at, how);
        }
        due().await;
        let before = bed.sim.calls().len();
        let mut child = worker(&file).spawn().unwrap();
        // The moment is counted from its first call, so that no kill is spent on its start.
        for _ in 0..400 {
            if bed.sim.calls().len() > before || child.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..60))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    // Then it goes on undisturbed to its end.
    for _ in 0..600 {
        due().await;
        for _ in 0..20 {
            tanod::roles::next(&bed.app, "reports").await.unwrap();
        }
        bed.clock.advance(Duration::from_mins(11));
        if open().await == 0 {
            break;
        }
    }
    assert_eq!(open().await, 0);
    let filed = |account: &str| {
        let mark = format!("<espIdentifier>{account}</espIdentifier>");
        bed.sim.finished().iter().filter(|report| report.xml.contains(&mark)).count()
    };
    let shown = async |n: usize| {
        let sql = "SELECT reports.state AS state FROM reports JOIN cases ON cases.id = reports.case_id WHERE cases.account = $1";
        let mut tx = bed.app.db.read().await.unwrap();
        let rows = tx.rows(sql, &[format!("u{n}").as_str().into()]).await.unwrap();
        assert_eq!(rows.len(), 1, "u{n}");
        rows[0].get::<String>("state").unwrap()
    };
    let mut waiting = 0;
    for n in 1..=cases {
        let state = shown(n).await;
        assert!(matches!(state.as_str(), "finished" | "dead"), "u{n}: {state}");
        // One that waits for a person may be filed, where the answer to its last call was lost: never twice.
        let filed = filed(&format!("u{n}"));
        assert!(filed == 1 || filed == 0 && state == "dead", "u{n} is {state}, {filed}");
        waiting += usize::from(state == "dead");
    }
    // Whoever is on call is told of each that waits.
    tanod::alarms::watch(&bed.app).await.unwrap();
    let told = bed.count("SELECT COUNT(*) AS n FROM alarms WHERE kind = 'report_dead' AND state = 'open'").await;
    assert_eq!(usize::try_from(told).unwrap(), waiting);
    // How many do depends on how far a worker comes before it dies; below each of them is filed all the same.
    assert!(waiting > 0, "{waiting} of {cases}");
    // Once a person has looked, each of them is filed exactly once as well; faults that are left may need another look.
    for _ in 0..40 {
        let dead = bed.count("SELECT COUNT(*) AS n FROM reports WHERE state = 'dead'").await;
        if dead + open().await == 0 {
            break;
        }
        let mut tx = bed.app.db.read().await.unwrap();
        let stuck = tanod::reporting::all_dead(&mut tx).await.unwrap();
        drop(tx);
        for (id, _) in stuck {
            bed.post(&format!("/v1/reports/{id}/revive"), &lead, &json!({})).await.ok();
        }
        due().await;
        for _ in 0..200 {
            if !tanod::roles::next(&bed.app, "reports").await.unwrap() {
                break;
            }
        }
        bed.clock.advance(Duration::from_mins(11));
    }
    for n in 1..=cases {
        assert_eq!((filed(&format!("u{n}")), shown(n).await.as_str()), (1, "finished"), "u{n}");
    }
    bed.ledger_verifies().await;
    bed.servers.shutdown().await;
}
