//! The command line: every command explains itself, shows an example, and speaks JSON when asked.

mod backup;
mod bank;
mod bench;
mod demo;
mod doctor;
mod evidence;
mod files;
mod hold;
mod keys;
mod ledger;
mod live;
mod report;
mod serve;
mod setup;
mod sim;
mod source;
mod vocabulary;
mod who;

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::clock::{Clock, Random};
use crate::config::Settings;
use crate::plan::{self, App, PlanError, Surroundings};
use crate::refusal::Error;

/// Recognise known abuse material, put cases before a person, file the report, keep the evidence, prove it all.
#[derive(Parser)]
#[command(
    name = "tanod",
    version,
    propagate_version = true,
    max_term_width = 110,
    after_help = "\
First steps:
  tanod demo                                   see everything with generated pictures
  tanod setup --data /var/lib/tanod            answer who you are, and why uploads are looked at
  tanod serve --data /var/lib/tanod            run it for real, all in one folder
  tanod key add --role client --name uploads --data /var/lib/tanod"
)]
struct Line {
    /// One JSON object a line; the last line is the result.
    #[arg(long, global = true)]
    json: bool,
    /// The folder with everything in it; all that a single machine needs.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A settings file, for anything beyond one folder. `tanod config --defaults` shows what may stand in it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show everything on this machine, with generated pictures and a simulated CyberTipline.
    Demo(demo::Args),
    /// Answer what must be answered before anything is looked at, and write it into a settings file.
    Setup(setup::Args),
    /// Run the service.
    Serve(serve::Args),
    /// Show the settings in force.
    Config(serve::ConfigArgs),
    /// Try every part, and say what to do about what does not work.
    Doctor(doctor::Args),
    /// People who work with the console.
    #[command(subcommand)]
    User(who::User),
    /// Keys for your programs.
    #[command(subcommand)]
    Key(who::Key),
    /// Compute the fingerprints of files.
    Hash(files::HashArgs),
    /// Say what the lists know of files. Nothing is kept, and no case is made.
    Match(files::MatchArgs),
    /// Lists of known fingerprints.
    #[command(subcommand)]
    Bank(bank::Bank),
    /// Where lists and matchers come from.
    #[command(subcommand)]
    Source(source::Source),
    /// Words of yours that rules look for in what is written in streams.
    #[command(subcommand)]
    Vocabulary(vocabulary::Vocabulary),
    /// Reports to the authorities.
    #[command(subcommand)]
    Report(report::Report),
    /// Why cases are kept, and until when.
    #[command(subcommand)]
    Hold(hold::Hold),
    /// Streams while they run.
    #[command(subcommand)]
    Live(live::Live),
    /// The ring of wrapping keys, and the ways into it.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Copy a running service into a folder.
    Backup(backup::BackupArgs),
    /// Bring a backup back into an empty place. What was destroyed since stays destroyed.
    Restore(backup::RestoreArgs),
    /// What is kept of cases.
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// The record of everything that was done.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Measure speed and recall on this machine, with generated pictures.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Simulators of outside bodies, for trying out.
    #[command(subcommand)]
    Sim(sim::Sim),
    /// Write the generated documents.
    #[command(hide = true)]
    Gen {
        /// Into this folder.
        folder: PathBuf,
    },
}

/// Why a command ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{words}")]
    Refused { slug: &'static str, words: String },
    #[error("{0}")]
    Said(String),
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// Everything was said already.
    #[error("")]
    Quiet,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let mut words = refusal.kind.title.to_owned();
                if let Some(detail) = refusal.detail {
                    let _fits = write!(words, " ({detail})");
                }
                for row in refusal.rows {
                    let _fits = write!(words, "\n  row {}: {}", row.row, row.message);
                }
                let _fits = write!(words, "\n{}", refusal.kind.whole_remedy());
                Self::Refused { slug: refusal.kind.slug, words }
            }
            Error::Internal(doing, cause) => {
                let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
                Self::Said(format!("{doing} failed{cause}"))
            }
        }
    }
}

impl From<crate::evidence::KeysError> for Trouble {
    fn from(error: crate::evidence::KeysError) -> Self {
        Self::Said(error.to_string())
    }
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        Error::from(error).into()
    }
}

/// What a command answers.
pub(crate) type Done = Result<(), Trouble>;

/// What all commands share.
pub(crate) struct Context {
    pub(crate) json: bool,
    data: Option<PathBuf>,
    config: Option<PathBuf>,
    pub(crate) random: Random,
    pub(crate) clock: Clock,
}

impl Context {
    /// The settings.
    pub(crate) fn settings(&self) -> Result<Settings, Trouble> {
        Ok(Settings::load(self.data.as_deref(), self.config.as_deref()).map_err(PlanError::from)?)
    }

    /// Everything that the settings name.
    pub(crate) async fn open(&self) -> Result<App, Trouble> {
        self.open_with(self.settings()?).await
    }

    /// Everything that these settings name.
    pub(crate) async fn open_with(&self, settings: Settings) -> Result<App, Trouble> {
        let program = std::env::current_exe()?;
        let around = Surroundings { clock: self.clock.clone(), random: self.random.clone(), program };
        let app = plan::open(settings, around).await?;
        crate::evidence::jobs::recovery(&app).await?;
        Ok(app)
    }

    /// Says a line to a person; in JSON mode nothing.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        if !self.json {
            // Somebody who stopped reading needs no line.
            writeln!(std::io::stdout(), "{}", line.as_ref()).ok();
        }
    }

    /// Gives a result: JSON when asked, else the words.
    pub(crate) fn result<T: Serialize>(&self, value: &T, words: impl AsRef<str>) {
        let text = if self.json { serde_json::to_string(value).unwrap_or_default() } else { words.as_ref().to_owned() };
        writeln!(std::io::stdout(), "{text}").ok();
    }

    /// A progress bar on a terminal, and nothing elsewhere.
    pub(crate) fn progress(&self, steps: usize, what: &'static str) -> indicatif::ProgressBar {
        if self.json || !std::io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new(u64::try_from(steps).unwrap_or(0));
        let style = indicatif::ProgressStyle::with_template("{msg} {bar:32} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
        bar.set_message(what);
        bar
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let line = Line::parse();
    // What is written here is for its owner alone: records name accounts, and lists are licensed.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(crate::config::log_filter()))
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            writeln!(std::io::stderr(), "tanod: {error}").ok();
            return ExitCode::FAILURE;
        }
    };
    let Line { json, data, config, command } = line;
    let context = Context { json, data, config, random: Random::System, clock: Clock::System };
    match runtime.block_on(run(&context, command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Quiet) => ExitCode::FAILURE,
        Err(trouble) => {
            if json {
                let mut fault = serde_json::json!({"error": trouble.to_string()});
                if let (Trouble::Refused { slug, .. }, Some(fault)) = (&trouble, fault.as_object_mut()) {
                    fault.insert("slug".to_owned(), (*slug).into());
                }
                writeln!(std::io::stdout(), "{fault}").ok();
            } else {
                writeln!(std::io::stderr(), "tanod: {trouble}").ok();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(context: &Context, command: Command) -> Done {
    match command {
        Command::Demo(args) => demo::run(context, args).await,
        Command::Setup(args) => setup::run(context, args),
        Command::Serve(args) => serve::run(context, args).await,
        Command::Config(args) => serve::config(context, &args),
        Command::Doctor(args) => doctor::run(context, &args).await,
        Command::User(user) => who::user(context, user).await,
        Command::Key(key) => who::key(context, key).await,
        Command::Hash(args) => files::hash(context, args).await,
        Command::Match(args) => files::matches(context, args).await,
        Command::Bank(bank) => bank::run(context, bank).await,
        Command::Source(source) => source::run(context, source).await,
        Command::Vocabulary(vocabulary) => vocabulary::run(context, vocabulary).await,
        Command::Report(report) => Box::pin(report::run(context, report)).await,
        Command::Hold(hold) => hold::run(context, hold).await,
        Command::Live(live) => live::run(context, live).await,
        Command::Keys(keys) => keys::run(context, keys).await,
        Command::Backup(args) => backup::backup(context, args).await,
        Command::Restore(args) => backup::restore(context, args).await,
        Command::Evidence(evidence) => Box::pin(evidence::run(context, evidence)).await,
        Command::Ledger(ledger) => ledger::run(context, ledger).await,
        Command::Bench(bench) => bench::run(context, bench).await,
        Command::Sim(sim) => sim::run(context, sim).await,
        Command::Gen { folder } => generate(&folder),
    }
}

/// Writes what is generated from the code, so that a check can see whether it is fresh.
fn generate(folder: &std::path::Path) -> Done {
    use std::fmt::Write as _;
    fs_err::create_dir_all(folder)?;
    let document = crate::web::router::document().to_pretty_json().map_err(|error| Trouble::Said(error.to_string()))?;
    fs_err::write(folder.join("openapi.json"), document + "\n")?;
    let mut table =
        "# Refusals\n\nEvery refusal is problem+json (RFC 9457) with a slug that never changes.\n\n".to_owned();
    table += "| slug | status | what | what to do |\n|---|---|---|---|\n";
    let mut kinds = crate::web::router::refusals();
    kinds.sort_by_key(|kind| kind.slug);
    for kind in kinds {
        writeln!(table, "| `{}` | {} | {} | {} |", kind.slug, kind.status, kind.title, kind.whole_remedy()).ok();
    }
    fs_err::write(folder.join("errors.md"), table)?;
    fs_err::write(folder.join("permissions.txt"), crate::accounts::matrix() + "\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_shows_an_example_and_speaks_json() {
        fn walk(command: &clap::Command, path: &str, found: &mut u32) {
            let mut inner = command.get_subcommands().filter(|inner| !inner.is_hide_set()).peekable();
            if inner.peek().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains(&format!("tanod {}", path.trim())), "{path}: {help}");
                *found += 1;
            }
            for inner in inner {
                walk(inner, &format!("{path} {}", inner.get_name()), found);
            }
        }
        let line = Line::command();
        line.clone().debug_assert();
        assert!(line.get_arguments().any(|argument| argument.get_id() == "json" && argument.is_global_set()));
        let mut found = 0;
        walk(&line, "", &mut found);
        assert!(found > 18, "{found}");
    }
}
