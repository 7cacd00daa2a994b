//! `tanod bench console`: how long the pages of the console take when there is much, and how long they are.

mod store;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Context, Done, Times, Trouble, millis};
use crate::accounts::sessions::{Place, SecondFactor};
use crate::accounts::{self, Caller, Role};
use crate::care::Agreement;
use crate::config::Settings;
use crate::plan::App;
use crate::store::World;
use crate::web;
use crate::{figures, review};

/// A page is there within this time, ninety-nine times of a hundred.
const TARGET: Duration = Duration::from_millis(50);
/// And has at most so many bytes, before any evidence.
const MOST_BYTES: usize = 150_000;

/// Every page of the console, asked for again and again on a database with many cases and files.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  tanod bench console
  tanod bench console --cases 50000 --files 500000
  tanod bench console --cases 50000 --files 500000 --database ADDRESS")]
pub(in crate::cli) struct Args {
    /// Open cases; there are a quarter more that wait, are reported or closed.
    #[arg(long, default_value_t = 500)]
    cases: u32,
    /// Uploads in them.
    #[arg(long, default_value_t = 5_000)]
    files: u32,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// An empty database to measure on, instead of a new SQLite file.
    #[arg(long)]
    database: Option<String>,
    /// Print each page that takes longer or is larger than it should.
    #[arg(long)]
    only_slow: bool,
}

/// How a page did.
struct Measured {
    name: String,
    times: Times,
    bytes: usize,
    status: u16,
}

impl Measured {
    fn is_good(&mut self) -> bool {
        self.times.at(990) <= TARGET && self.bytes <= MOST_BYTES
    }

    fn row(&mut self) -> Value {
        json!({
            "page": self.name, "p50_ms": millis(self.times.median()), "p99_ms": millis(self.times.at(990)),
            "bytes": self.bytes, "status": self.status, "within": self.is_good(),
        })
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Done {
    let folder = tempfile::Builder::new().prefix("tanod-bench-").tempdir()?;
    let fresh = Settings::fresh(&folder.path().join("data"));
    let mut settings = fresh.map_err(|error| Trouble::Said(error.to_string()))?;
    settings.world = Some(World::Demo);
    settings.sign_in.second_factor = SecondFactor::Offered;
    settings.care.agreement = Agreement::Offered;
    if let Some(database) = &args.database {
        settings.database.clone_from(database);
    }
    let app = context.open_with(settings).await?;
    let (lead, admin) = (person(&app, Role::Lead).await?, person(&app, Role::Admin).await?);
    let begin = Instant::now();
    let mut tx = app.db.write().await?;
    let filled = store::fill(&mut tx, args.cases, args.files).await?;
    store::analyse(&mut tx).await?;
    review::lease(&mut tx, &lead.1, filled.middle).await.map(drop)?;
    let (_, proof) = review::lease(&mut tx, &lead.1, filled.largest).await?;
    tx.commit(proof).await?;
    context.say(format!("filled in {:.1} s", begin.elapsed().as_secs_f64()));

    // As in a process that serves, which counts in the background.
    let begin = Instant::now();
    figures::count_now(&app).await?;
    let counting = begin.elapsed();
    let router = web::router::router(&app, true, true);
    let mut all = Vec::new();
    for (token, pages) in [(&lead.0, filled.pages()), (&admin.0, store::rooms_of_an_administrator())] {
        for (name, path) in pages {
            let mut measured = Measured { name, times: Times::default(), bytes: 0, status: 0 };
            // The first asks warm what a process warms once.
            for nth in 0..args.rounds + 2 {
                let (time, status, bytes) = ask(&router, &path, token).await?;
                if nth >= 2 {
                    measured.times.push(time);
                }
                (measured.bytes, measured.status) = (bytes, status);
            }
            if !args.only_slow || !measured.is_good() {
                let row = measured.row();
                context.say(format!("{row}"));
            }
            all.push(measured);
        }
    }
    // The first round raises an alarm for each deadline that passed while nobody watched; what goes on is the second.
    crate::clocks::jobs::watch(&app).await?;
    let begin = Instant::now();
    crate::clocks::jobs::watch(&app).await?;
    let clocks = begin.elapsed();
    let answered = all.iter().all(|page| page.status == 200);
    let rows: Vec<Value> = all.iter_mut().map(Measured::row).collect();
    let within = all.iter_mut().filter_map(|page| page.is_good().then_some(())).count();
    let database = if app.db.is_shared() { "PostgreSQL" } else { "SQLite" };
    let slowest = all.iter_mut().map(|page| page.times.at(990)).max().unwrap_or_default();
    let result = json!({
        "name": "console", "ok": answered, "database": database, "cases": args.cases, "files": args.files,
        "pages": rows, "within": within, "of": rows.len(), "target_ms": millis(TARGET), "most_bytes": MOST_BYTES,
        "worst_p99_ms": millis(slowest), "clocks_round_ms": millis(clocks), "figures_count_ms": millis(counting),
    });
    let words = format!(
        "{database}, {} open cases, {} files: {within} of {} pages within {} ms and {MOST_BYTES} bytes; the slowest p99 is {} ms; \
         a round over all deadlines took {} ms, a count of the figures {} ms",
        args.cases,
        args.files,
        rows.len(),
        millis(TARGET),
        millis(slowest),
        millis(clocks),
        millis(counting),
    );
    context.result(&result, words);
    if answered { Ok(()) } else { Err(Trouble::Said("a page did not answer".to_owned())) }
}

/// Somebody signed in, with their session.
async fn person(app: &App, role: Role) -> Result<(String, Caller), Trouble> {
    let mut tx = app.db.write().await?;
    let name = format!("bench-{}", crate::store::as_word(&role));
    let (invited, proof) = accounts::invite(&mut tx, &Caller::Operator, &name, role).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.write().await?;
    let (settings, profile) = (&app.settings.sign_in, app.settings.operator.profile);
    let (session, proof) = accounts::accept(&mut tx, &invited.invitation, "none", settings, &Place::default()).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.read().await?;
    let standing = accounts::sessions::standing(&mut tx, &session.token, settings, profile).await?;
    Ok((session.token, standing.caller))
}

async fn ask(router: &Router, path: &str, token: &str) -> Result<(Duration, u16, usize), Trouble> {
    let cookie = format!("{}={token}", web::COOKIE);
    let request = Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty());
    let request = request.map_err(|error| Trouble::Said(error.to_string()))?;
    let begin = Instant::now();
    let answer = match router.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    let bytes = bytes.map_err(|error| Trouble::Said(error.to_string()))?;
    Ok((begin.elapsed(), status, bytes.len()))
}
