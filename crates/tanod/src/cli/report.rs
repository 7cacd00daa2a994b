//! `tanod report`.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::PathBuf;

use exchange::ncmec::document::Level;
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
    #[command(after_help = "Example:\n  tanod report check report.xml")]
    Check {
        /// XML files, of `report` or of `fileDetails`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
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
        Report::Check { files } => {
            let mut all_valid = true;
            for file in files {
                let bytes = fs_err::read(&file)?;
                let findings =
                    exchange::ncmec::validate(&String::from_utf8_lossy(&bytes), context.clock.now(), Level::default());
                all_valid &= findings.is_empty();
                let row = json!({"file": file, "valid": findings.is_empty(), "errors": findings});
                let words = if findings.is_empty() {
                    format!("{}: valid", file.display())
                } else {
                    let mut words = format!("{}: not valid", file.display());
                    for found in &findings {
                        let _fits = write!(words, "\n  {} {}: {}", found.path, found.rule, found.message);
                    }
                    words
                };
                context.result(&row, words);
            }
            if all_valid { Ok(()) } else { Err(Trouble::Quiet) }
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
                let words = format!("{}  {:<9} {number:>12}{trouble}", report.id, as_word(&report.state));
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
                let words = format!("{}  {}  {}", untold.told.id, untold.told.whom, untold.case);
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
                credentials::keep(&mut tx, caller, environment, &new, &app.vault.ring, &app.vault.random).await?;
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
