//! E-mail, the sending side: one plain text to one person, over SMTP.

use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as LettreTls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

/// How long a server may take for each step of the conversation.
const STEP: Duration = Duration::from_secs(10);
/// How long the whole of it may take.
const TIME: Duration = Duration::from_secs(30);

/// How the line to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// In the clear first, then TLS or nothing; usually port 587.
    Starttls,
    /// TLS from the first byte; usually port 465.
    Implicit,
    /// In the clear: only to this machine.
    None,
}

/// A mail that was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// An address or a subject that cannot be written.
    #[error("{0}")]
    Written(String),
    /// The server did not take it.
    #[error("the mail server did not take it: {0}")]
    Refused(String),
    /// The server did not answer.
    #[error("the mail server did not answer in time")]
    TimeOut,
}

/// Where mail is handed over.
#[derive(Clone, Debug)]
pub struct Mailer {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A way to a server. Without a user name nobody signs in.
    pub fn new(host: &str, port: u16, tls: Tls, username: &str, password: &str, from: &str) -> Result<Self, NotSent> {
        let from = mailbox(from)?;
        let parameters = || TlsParameters::new(host.to_owned()).map_err(|error| NotSent::Written(error.to_string()));
        let tls = match tls {
            Tls::Starttls => LettreTls::Required(parameters()?),
            Tls::Implicit => LettreTls::Wrapper(parameters()?),
            Tls::None => LettreTls::None,
        };
        let mut server =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).tls(tls).timeout(Some(STEP));
        if !username.is_empty() {
            server = server.credentials(Credentials::new(username.to_owned(), password.to_owned()));
        }
        Ok(Self { server: server.build(), from })
    }

    /// Hands one mail over. `id` makes its Message-ID: the same one again is seen to be the same.
    pub async fn send(&self, to: &str, id: &str, at: Timestamp, subject: &str, text: &str) -> Result<(), NotSent> {
        let domain = self.from.email.domain();
        let mail = Message::builder()
            .from(self.from.clone())
            .to(mailbox(to)?)
            .subject(subject)
            .message_id(Some(format!("<{id}@{domain}>")))
            .date(std::time::SystemTime::from(at))
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(|error| NotSent::Written(error.to_string()))?;
        match tokio::time::timeout(TIME, self.server.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(NotSent::Refused(crate::http::words(&error))),
            Err(_) => Err(NotSent::TimeOut),
        }
    }
}

/// Whether an address can be written to.
pub fn is_address(text: &str) -> bool {
    mailbox(text).is_ok()
}

fn mailbox(text: &str) -> Result<Mailbox, NotSent> {
    text.parse().map_err(|_| NotSent::Written(format!("{text} is not an e-mail address")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_person_at_one_host() {
        assert!(is_address("night@platform.example") && is_address("Night desk <night@platform.example>"));
        for bad in ["", "night", "a@b@c", "night@platform.example\r\nBcc: x@y.example"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
