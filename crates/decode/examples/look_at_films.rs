//! Looks at films for `script/peers/films.py`: `look_at_films seconds|key_frames|whole FILE…` writes the frames of each as a
//! JSON array of Meta's lines.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for a script")]

use decode::{Limits, Pool, Sampling, Wanted};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut words = std::env::args().skip(1);
    let sampling = match words.next().as_deref() {
        Some("key_frames") => Sampling::KeyFrames,
        Some("whole") => Sampling::Whole,
        _ => Sampling::Seconds,
    };
    let child = std::env::current_exe().unwrap().with_file_name("..").join("decode-child");
    for file in words {
        let media = bytes::Bytes::from(fs_err::read(&file).unwrap());
        let look = Pool::new(child.clone(), Vec::new(), 1, Limits::default())
            .look(media, Wanted { sampling, ..Wanted::default() })
            .await
            .unwrap();
        let frames: Vec<String> = look.vpdq().unwrap().frames().iter().map(|frame| format!("\"{frame}\"")).collect();
        println!("[{}]", frames.join(","));
    }
}
