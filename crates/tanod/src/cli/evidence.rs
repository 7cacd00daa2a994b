//! `tanod evidence`.

use std::io::BufWriter;
use std::path::PathBuf;

use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::legal::{self, package};
use crate::provider;
use crate::review;
use crate::roles;

/// What is kept of cases.
#[derive(clap::Subcommand)]
pub(super) enum Evidence {
    /// Make the package of a case for an officer, once two people have agreed that it may leave.
    #[command(after_help = "\
Example:
  tanod evidence export 12 --out case-12.zip --data /var/lib/tanod

A lead asks for the package in the console, under Legal process; another approves it. The passphrase is shown once: tell it
by telephone, over a number that you know from elsewhere, and never together with the package.")]
    Export {
        /// The case, by number or id.
        case: String,
        /// Which package, where a case has several; else the newest that may leave.
        #[arg(long, value_name = "ID")]
        package: Option<crate::store::PackageId>,
        /// The package's file. It must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(super) async fn run(context: &Context, evidence: Evidence) -> Done {
    let Evidence::Export { case, package, out } = evidence;
    let app = context.open().await?;
    roles::sequence_once(&app).await?;
    let caller = Caller::Operator;
    let mut tx = app.db.write().await?;
    let case = if let Ok(id) = case.parse() {
        review::case(&mut tx, id).await?
    } else {
        let number = case.parse();
        let number = number.map_err(|_| Trouble::Said(format!("{case} is neither a case's number nor its id")))?;
        review::of_number(&mut tx, number).await?
    };
    let ready = legal::ready(&mut tx, case.id).await?;
    let package = match package {
        Some(id) => id,
        None => ready.first().map(|one| one.id).ok_or(crate::refusal::Error::from(&legal::NOT_APPROVED))?,
    };
    let (package, process) = legal::approved(&mut tx, package).await?;
    if package.case != case.id {
        return Err(crate::refusal::Error::from(&legal::OTHER_CASE).into());
    }
    let operator = provider::current(&mut tx, &app.settings.reporting.about).await?.platform;
    let contents = package::gather(&mut tx, package.clone(), process, &operator, &app.signer.vkey()).await?;
    let passphrase = package.age_recipient.is_none().then(|| package::passphrase(app.db.random()));
    let file = fs_err::OpenOptions::new().write(true).create_new(true).open(&out)?;
    let mut to = BufWriter::new(file);
    let written = async {
        let (sha256, bytes) = package::write(&contents, &app.vault, &mut tx, &mut to, passphrase.as_deref()).await?;
        let proof = legal::made(&mut tx, &caller, &package, sha256, bytes).await?;
        Ok::<_, crate::refusal::Error>((sha256, bytes, proof))
    };
    let (sha256, bytes, proof) = match written.await {
        Ok(written) => written,
        Err(error) => {
            // Half a package is nobody's.
            drop(to);
            fs_err::remove_file(&out)?;
            return Err(error.into());
        }
    };
    let file = to.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    tx.commit(proof).await?;
    let digest = hex::encode(sha256);
    let row = json!({"out": out, "package": package.id, "sha256": digest, "bytes": bytes, "passphrase": passphrase});
    let how = passphrase.map_or_else(
        || "it opens with the recipient's key alone (age)".to_owned(),
        |words| format!("passphrase, shown this once: {words}\ntell it by telephone, never together with the package"),
    );
    context.result(&row, format!("{} holds {bytes} bytes, SHA-256 {digest}\n{how}", out.display()));
    Ok(())
}
