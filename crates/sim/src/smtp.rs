//! A mail server, simulated: the few commands of RFC 5321 that a client needs to hand a mail over, without TLS and on loopback
//! only. It keeps what came, and refuses or stays silent on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Longer lines end the conversation.
const LONGEST_LINE: usize = 2_000;
/// Larger mails end the conversation.
const LARGEST_MAIL: usize = 1 << 20;

/// What the server does with the next conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes mail.
    Takes,
    /// Refuses every recipient for now (451).
    Refuses,
    /// Says nothing for this long, then hangs up.
    Silent(Duration),
}

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and text.
    pub text: String,
}

impl Mail {
    /// Headers and text as a reader shows them: quoted-printable (RFC 2045, 6.7) is undone where the headers name it.
    pub fn read(&self) -> String {
        let Some((head, body)) = self.text.split_once("\n\n") else { return self.text.clone() };
        if !head.to_ascii_lowercase().contains("content-transfer-encoding: quoted-printable") {
            return self.text.clone();
        }
        let joined = body.replace("=\n", "");
        let mut pieces = joined.split('=');
        let mut plain: Vec<u8> = pieces.next().unwrap_or_default().into();
        for piece in pieces {
            let code = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            plain.extend(code);
            plain.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
        }
        format!("{head}\n\n{}", String::from_utf8_lossy(&plain))
    }
}

/// A mail server. Clones are the same one.
#[derive(Clone)]
pub struct Server(Arc<Mutex<(Vec<Mail>, Mood)>>);

impl Default for Server {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Vec::new(), Mood::Takes))))
    }
}

impl Server {
    /// Serves until the listener fails.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let mut conversations = tokio::task::JoinSet::new();
        loop {
            let (line, _) = listener.accept().await?;
            let server = self.clone();
            // A conversation that breaks off is the client's matter.
            conversations.spawn(async move { drop(server.converse(line).await) });
            while conversations.try_join_next().is_some() {}
        }
    }

    /// What came, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().0.clone()
    }

    /// Changes what happens next.
    pub fn set_mood(&self, mood: Mood) {
        self.kept().1 = mood;
    }

    fn kept(&self) -> MutexGuard<'_, (Vec<Mail>, Mood)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn converse(&self, line: TcpStream) -> std::io::Result<()> {
        let mood = self.kept().1;
        if let Mood::Silent(time) = mood {
            tokio::time::sleep(time).await;
            return Ok(());
        }
        let (reading, mut writing) = line.into_split();
        let mut reading = BufReader::new(reading);
        writing.write_all(b"220 sim.example ready\r\n").await?;
        let mut mail = Mail { from: String::new(), to: Vec::new(), text: String::new() };
        while let Some(said) = read(&mut reading).await? {
            let word = said.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let address = said.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
            let answer = match (word.as_str(), address) {
                ("EHLO", _) => "250-sim.example\r\n250 8BITMIME",
                ("HELO" | "NOOP", _) => "250 ok",
                ("RSET", _) => {
                    mail = Mail { from: String::new(), to: Vec::new(), text: String::new() };
                    "250 ok"
                }
                ("MAIL", Some(from)) => {
                    from.clone_into(&mut mail.from);
                    "250 ok"
                }
                ("RCPT", Some(_)) if mood == Mood::Refuses => "451 not now",
                ("RCPT", Some(to)) => {
                    mail.to.push(to.to_owned());
                    "250 ok"
                }
                ("DATA", _) if mail.to.is_empty() => "503 to whom?",
                ("DATA", _) => {
                    writing.write_all(b"354 end with a dot\r\n").await?;
                    mail.text = data(&mut reading).await?;
                    self.kept().0.push(mail.clone());
                    mail = Mail { from: String::new(), to: Vec::new(), text: String::new() };
                    "250 kept"
                }
                ("QUIT", _) => {
                    writing.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "502 not here",
            };
            writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}

type Reading = BufReader<tokio::net::tcp::OwnedReadHalf>;

/// A line without its end; nothing when the client hung up.
async fn read(from: &mut Reading) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = tokio::io::AsyncReadExt::take(&mut *from, LONGEST_LINE as u64).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        return Err(std::io::Error::other("a line is too long"));
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

/// Headers and text up to the lone dot, with stuffed dots taken out.
async fn data(from: &mut Reading) -> std::io::Result<String> {
    let mut text = String::new();
    while let Some(line) = read(from).await? {
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
        if text.len() > LARGEST_MAIL {
            break;
        }
    }
    Err(std::io::Error::other("the mail broke off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_as_its_reader_shows_it() {
        let mail = |text: &str| Mail { from: String::new(), to: Vec::new(), text: text.to_owned() };
        let coded = "Content-Transfer-Encoding: quoted-printable\n\na=3Db and a long=\n line=2E\n";
        assert!(mail(coded).read().ends_with("\n\na=b and a long line.\n"));
        assert_eq!(mail("Subject: x\n\na=3Db").read(), "Subject: x\n\na=3Db");
    }
}
