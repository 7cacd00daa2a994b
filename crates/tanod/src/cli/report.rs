//! `tanod report`.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exchange::ncmec::document::Level;
use exchange::ncmec::{Finding, Origin, Random, validate};
use jiff::Timestamp;
use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::plan;
use crate::reporting::{self, credentials};
use crate::review::{self, NewTold};
use crate::store::{ReportId, ToldId, as_word};

/// Reports to the authorities.
#[derive(clap::Subcommand)]
pub(super) enum Report {
    /// Check CyberTip documents: would the destination accept them?
    #[command(
        after_help = "Examples:\n  tanod report check report.xml\n  tanod report check --xsd cybertip.xsd *.xml     also by a schema you downloaded; needs xmllint"
    )]
    Check {
        /// XML files, of `report` or of `fileDetails`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Ask xmllint too, with the schema that your credentials let you download.
        #[arg(long, value_name = "FILE")]
        xsd: Option<PathBuf>,
        /// Which elements are known: 2025-11, 2026-08 or unconfirmed.
        #[arg(long, value_name = "LEVEL", default_value = "2025-11")]
        level: Level,
    },
    /// Write random documents across the whole model, the same for the same seed: to try a checker or a receiver.
    #[command(after_help = "Example:\n  tanod report sample --seed 1 --count 100 --out samples")]
    Sample {
        /// Another seed gives other documents.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many.
        #[arg(long, default_value_t = 100)]
        count: usize,
        /// Into this folder, which is made.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Which elements may stand in them: 2025-11, 2026-08 or unconfirmed.
        #[arg(long, value_name = "LEVEL", default_value = "2025-11")]
        level: Level,
    },
    /// Show where reports stand.
    #[command(after_help = "Example:\n  tanod report status --data /var/lib/tanod")]
    Status,
    /// Show who must still be told that a report was wrong, or write down that they were: a filed report cannot be taken back.
    #[command(
        after_help = "Examples:\n  tanod report correct --data /var/lib/tanod\n  tanod report correct told_01… --means call --words 'They noted it.' --data /var/lib/tanod"
    )]
    Correct {
        /// Who was told, by the id in the list.
        #[arg(requires = "means", requires = "words")]
        told: Option<ToldId>,
        /// By which means: letter, call, message.
        #[arg(long)]
        means: Option<String>,
        /// What was said, and their reference.
        #[arg(long)]
        words: Option<String>,
    },
    /// Keep the credentials that NCMEC issued, sealed by the key ring, for the environment that the settings name. The password
    /// is read from standard input. The service uses them from its next start; a password in the settings goes first.
    #[command(after_help = "Example:\n  tanod report credentials --username esp --data /var/lib/tanod < password.txt")]
    Credentials {
        /// As NCMEC issued it.
        #[arg(long)]
        username: String,
    },
    /// Send a dead report again, after you have seen to its trouble.
    #[command(after_help = "Example:\n  tanod report submit report_01… --data /var/lib/tanod")]
    Submit {
        /// Which.
        report: ReportId,
    },
}

pub(super) async fn run(context: &Context, report: Report) -> Done {
    match report {
        Report::Check { files, xsd, level } => {
            let mut all_valid = true;
            for file in files {
                let row = check(context, file, xsd.as_deref(), level).await?;
                all_valid &= row.valid;
                let mut words = format!("{}: {}", row.file.display(), if row.valid { "valid" } else { "not valid" });
                for found in &row.errors {
                    let _fits = write!(words, "\n  {} {}: {}", found.path, found.rule, found.message);
                }
                context.result(&row, words);
            }
            if all_valid { Ok(()) } else { Err(Trouble::Quiet) }
        }
        Report::Sample { seed, count, out, level } => {
            fs_err::create_dir_all(&out)?;
            // A fixed time, so that a seed means the same documents on every day.
            let mut random = Random::new(seed, Timestamp::constant(SAMPLED_AT, 0), level);
            for nth in 1..=count {
                let (kind, document) = random.document();
                fs_err::write(out.join(format!("{nth:06}-{kind}.xml")), document.xml)?;
            }
            context.result(&json!({"documents": count, "out": out}), format!("{count} documents in {}", out.display()));
            Ok(())
        }
        Report::Status => {
            let app = context.open().await?;
            let mut tx = app.db.read().await?;
            let reports = reporting::list(&mut tx, &Caller::Operator, None, 1_000).await?;
            if reports.is_empty() {
                context.say("no report yet");
            }
            for report in reports {
                let number = match &report.elsewhere {
                    Some(elsewhere) => elsewhere.number.clone(),
                    None => report.number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
                };
                let trouble = report.trouble.as_deref().map_or_else(String::new, |why| format!("  {why}"));
                let maybe = report.maybe().map_or_else(String::new, |words| format!("\n    {words}"));
                let words = format!("{}  {:<9} {number:>12}{trouble}{maybe}", report.id, as_word(&report.state));
                context.result(&report, words);
            }
            Ok(())
        }
        Report::Correct { told, means, words } => {
            let app = context.open().await?;
            if let (Some(told), Some(means), Some(words)) = (told, means, words) {
                let mut tx = app.db.write().await?;
                let new = NewTold { means, words };
                let (untold, proof) = review::tell(&mut tx, &Caller::Operator, told, &new).await?;
                tx.commit(proof).await?;
                context.result(&untold, format!("{} was told", untold.told.whom));
                return Ok(());
            }
            let mut tx = app.db.read().await?;
            let all = review::untold(&mut tx, &Caller::Operator).await?;
            if all.is_empty() {
                context.say("nobody waits to be told");
            }
            for untold in all {
                let place = untold.case.map_or_else(|| "a list".to_owned(), |case| case.to_string());
                let words = format!("{}  {}  {place}", untold.told.id, untold.told.whom);
                context.result(&untold, words);
            }
            Ok(())
        }
        Report::Credentials { username } => {
            let app = context.open().await?;
            let mut line = zeroize::Zeroizing::new(String::new());
            std::io::stdin().lock().read_line(&mut line)?;
            let password = zeroize::Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
            if password.is_empty() {
                return Err(Trouble::Said("no password came by standard input; nothing was changed".to_owned()));
            }
            let environment = plan::environment(&app.settings);
            let new = exchange::ncmec::Credentials { username, password };
            let mut tx = app.db.write().await?;
            let caller = &Caller::Operator;
            let kept =
                credentials::keep(&mut tx, caller, environment, &new, &*app.vault.ring.now()?, &app.vault.random)
                    .await?;
            tx.commit(kept).await?;
            let words =
                format!("kept, sealed, for {}; the service uses them from its next start", as_word(&environment));
            context.result(&json!({"environment": environment}), words);
            Ok(())
        }
        Report::Submit { report } => {
            let app = context.open().await?;
            let mut tx = app.db.write().await?;
            let (report, proof) = reporting::revive(&mut tx, &Caller::Operator, report).await?;
            tx.commit(proof).await?;
            context.result(&report, format!("{} will be sent again by the running service", report.id));
            Ok(())
        }
    }
}

/// 2026-01-01, in seconds.
const SAMPLED_AT: i64 = 1_767_225_600;

/// What is said of one file.
#[derive(serde::Serialize)]
struct Checked {
    file: PathBuf,
    valid: bool,
    errors: Vec<Finding>,
}

async fn check(context: &Context, file: PathBuf, xsd: Option<&Path>, level: Level) -> Result<Checked, Trouble> {
    let bytes = fs_err::read(&file)?;
    let mut errors = validate(&String::from_utf8_lossy(&bytes), context.clock.now(), level);
    // What is no XML to us, for instance because it has a document type, is not given to another parser.
    if let Some(xsd) = xsd
        && errors.iter().all(|found| found.rule != "xml")
    {
        errors.extend(by_schema(&file, xsd).await?);
    }
    Ok(Checked { file, valid: errors.is_empty(), errors })
}

/// Asks xmllint of libxml2. No validator in Rust that we found is ripe, and binding a C library would bring unsafe code in;
/// so it is a program of its own, which gets two absolute paths, no network, no environment, and half a minute.
async fn by_schema(file: &Path, xsd: &Path) -> Result<Vec<Finding>, Trouble> {
    let (file, xsd) = (fs_err::canonicalize(file)?, fs_err::canonicalize(xsd)?);
    #[expect(clippy::disallowed_methods, reason = "an operator asks for it by --xsd; it gets no key and no media")]
    let mut asked = tokio::process::Command::new("xmllint");
    asked.args(["--noout", "--nonet", "--schema"]).arg(xsd).arg(file).env_clear().kill_on_drop(true);
    let said = match tokio::time::timeout(Duration::from_secs(30), asked.output()).await {
        Ok(Ok(said)) => said,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            let words = "--xsd needs the program xmllint of libxml2 (Debian: libxml2-utils), which is not installed";
            return Err(Trouble::Said(words.to_owned()));
        }
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => return Err(Trouble::Said("xmllint took longer than half a minute".to_owned())),
    };
    let words = String::from_utf8_lossy(&said.stderr);
    match said.status.code() {
        Some(0) => Ok(Vec::new()),
        Some(3) => Ok(words.lines().filter_map(complaint).collect()),
        _ => Err(Trouble::Said(format!("xmllint could not use the schema or the document: {}", words.trim()))),
    }
}

/// `FILE:LINE: element NAME: Schemas validity error : Element 'NAME': what is wrong.`
fn complaint(line: &str) -> Option<Finding> {
    let (place, message) = line.split_once(" Schemas validity error : ")?;
    let mut parts = place.rsplit(": ");
    let element = parts.next()?.trim_end_matches(':').trim_start_matches("element ");
    let line = parts.next()?.rsplit(':').next()?;
    Some(Finding {
        path: format!("line {line}, {element}"),
        rule: "xsd",
        message: message.trim().to_owned(),
        origin: Origin::Schema,
    })
}
