//! `tanod bench hash`: what a picture costs from its bytes to its hash, in CPU time of one thread, without the child around it.

use std::path::PathBuf;

use decode::Wanted;
use serde_json::json;

use super::{Context, Done, Times, Trouble, files, micros, number, thousandths};

/// Decoding and hashing pictures, one thread, in this process.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tanod bench hash --pictures target/photographs --rounds 9

The decoder runs in this process, without its confinement: harmless pictures only.")]
pub(crate) struct Args {
    /// A folder of pictures, or one picture; may be given several times.
    #[arg(long, value_name = "DIR", required = true)]
    pictures: Vec<PathBuf>,
    /// Looks at each picture; the median counts.
    #[arg(long, value_name = "R", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// To the last bit as the reference on the decoded pixels, as entries of a list are hashed.
    #[arg(long)]
    exact: bool,
    /// In all eight orientations.
    #[arg(long)]
    turned: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Done {
    let wanted = Wanted { exact: args.exact, turned: args.turned, ..Wanted::default() };
    let mut medians = Times::default();
    let mut bytes = 0;
    for place in &args.pictures {
        for file in files(place)? {
            let media = fs_err::read(&file)?;
            let mut times = Times::default();
            let mut seen = Err(decode::Unscanned::Damaged);
            // The first look also finds its code and its tables: it is not counted.
            for round in 0..=args.rounds {
                let look = || decode::sides::look(std::hint::black_box(&media), wanted);
                seen = if round == 0 { look() } else { times.of_thread(look) };
            }
            let look = seen.map_err(|why| Trouble::Said(format!("{}: {why}", file.display())))?;
            let first = look.frames.first().ok_or_else(|| Trouble::Said(format!("{}: no frame", file.display())))?;
            let median = times.median();
            let row = json!({
                "file": file, "bytes": media.len(), "width": look.width, "height": look.height, "us": micros(median),
                "least_us": micros(times.at(0)), "hash": first.hash.to_string(), "quality": first.quality,
            });
            let words = format!("{:>10.1} µs  {}x{}  {}", micros(median), look.width, look.height, file.display());
            context.result(&row, words);
            medians.push(median);
            bytes += media.len();
        }
    }
    let count = number(medians.0.len());
    let all: std::time::Duration = medians.0.iter().sum();
    let per_second = thousandths(count / all.as_secs_f64().max(1e-9));
    let result = json!({
        "pictures": medians.0.len(), "bytes": bytes, "median_us": micros(medians.median()), "per_cpu_s": per_second,
    });
    context.result(&result, format!("{per_second} pictures for each second of CPU"));
    Ok(())
}
