//! `tanod sim`.

use std::path::PathBuf;
use std::sync::Arc;

use ::sim::ncmec::{Settings, Simulator};

use super::{Context, Done};
use crate::clock::Clock;
use crate::roles;

/// Simulators of outside bodies, for trying out.
#[derive(clap::Subcommand)]
pub(super) enum Sim {
    /// NCMEC's CyberTipline reporting API, on this machine only.
    #[command(after_help = "Example:\n  tanod sim ncmec --listen 127.0.0.1:9911 --username u --password p")]
    Ncmec {
        /// Where to serve.
        #[arg(long, default_value = "127.0.0.1:9911")]
        listen: String,
        /// The one account.
        #[arg(long, default_value = "demo")]
        username: String,
        /// Its password.
        #[arg(long, default_value = "demo")]
        password: String,
        /// Keep what happens in this file, and go on from it.
        #[arg(long)]
        journal: Option<PathBuf>,
    },
}

/// The simulator with the clock of this process.
pub(super) fn simulator(
    clock: &Clock,
    username: &str,
    password: &str,
    journal: Option<PathBuf>,
) -> std::io::Result<Simulator> {
    let clock = clock.clone();
    let settings = Settings { journal, ..Settings::new(username, password, Arc::new(move || clock.now())) };
    Simulator::new(settings)
}

pub(super) async fn run(context: &Context, Sim::Ncmec { listen, username, password, journal }: Sim) -> Done {
    let simulator = simulator(&context.clock, &username, &password, journal)?;
    let listener = super::serve::bind(&listen).await?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}/ispws");
    context.result(
        &serde_json::json!({"base": base}),
        format!(
            "simulating the CyberTipline at {base}; reports at http://{address}/sim/reports\n\
             A demo installation files here with reporting.ncmec = \"{base}\" and this user name and password."
        ),
    );
    simulator.serve(listener, roles::asked_to_stop()).await?;
    Ok(())
}
