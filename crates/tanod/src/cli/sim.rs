//! `tanod sim`.

use std::path::PathBuf;
use std::sync::Arc;

use ::sim::arachnid::Shield;
use ::sim::ncmec::{Settings, Simulator};

use super::{Context, Done, Trouble};
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
    /// Project Arachnid Shield, on this machine only. It knows the PDQ hashes it is told.
    #[command(after_help = "Example:\n  tanod sim arachnid --listen 127.0.0.1:9912 --know HASH")]
    Arachnid {
        /// Where to serve.
        #[arg(long, default_value = "127.0.0.1:9912")]
        listen: String,
        /// The one account.
        #[arg(long, default_value = "demo")]
        username: String,
        /// Its password.
        #[arg(long, default_value = "demo")]
        password: String,
        /// A PDQ hash, in hexadecimal, that it calls csam; may be repeated.
        #[arg(long, value_name = "HASH")]
        know: Vec<String>,
    },
}

async fn arachnid(context: &Context, listen: &str, shield: Shield, know: &[String]) -> Done {
    for hash in know {
        let bytes = hex::decode(hash).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        shield.know_hash(bytes.ok_or_else(|| Trouble::Said(format!("{hash} is no PDQ hash")))?, "csam");
    }
    let listener = super::serve::bind(listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    context.result(
        &serde_json::json!({"base": base}),
        format!("simulating Project Arachnid Shield; a demo installation asks it with detectors.arachnid_shield.address = \"{base}\""),
    );
    shield.serve(listener, roles::asked_to_stop()).await?;
    Ok(())
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

pub(super) async fn run(context: &Context, sim: Sim) -> Done {
    let (listen, username, password, journal) = match sim {
        Sim::Ncmec { listen, username, password, journal } => (listen, username, password, journal),
        Sim::Arachnid { listen, username, password, know } => {
            return arachnid(context, &listen, Shield::new(&username, &password), &know).await;
        }
    };
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
