//! The calls: open, upload, describe, finish, take back.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder, Response};

use super::Schema;
use super::answer::{Answer, CallError, MOST_ANSWER, Parsed};
use crate::http::{Credentials, words};

/// A way to one environment of the CyberTipline.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    credentials: Credentials,
    http: reqwest::Client,
}

impl Client {
    /// A client of the API at `base`, for instance `https://exttest.cybertip.org/ispws`.
    pub fn new(base: &str, credentials: Credentials, http: reqwest::Client) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), credentials, http }
    }

    /// The address it was made for.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether the credentials are accepted.
    pub async fn status(&self) -> Result<Answer, CallError> {
        self.call(self.request(Method::GET, "status")).await
    }

    /// Which schema the destination goes by now.
    pub async fn schema(&self) -> Result<Schema, CallError> {
        let answer = self.call(self.request(Method::GET, "xsd")).await?;
        let served = answer.http_status == 200 && Parsed::from_xml(&answer.raw).is_err() && !answer.raw.is_empty();
        if served { Ok(Schema::of(&answer.raw)) } else { Ok(Schema::Absent { why: format!("{:?}", answer.outcome()) }) }
    }

    /// Opens a report with this document.
    pub async fn submit(&self, document: &str) -> Result<Answer, CallError> {
        self.document("submit", document).await
    }

    /// Sends a file of a report: bytes, or a stream of so many. The answer bears the MD5 of what arrived, to be compared with
    /// the one that is known.
    pub async fn upload(
        &self,
        report: i64,
        name: &str,
        length: u64,
        file: impl Into<Body>,
    ) -> Result<Answer, CallError> {
        // The slowest line that is put up with carries 64 KiB a second.
        let time = Duration::from_secs(60 + length / (64 * 1024));
        let file = Part::stream_with_length(file, length).file_name(name.to_owned());
        let form = Form::new().text("id", report.to_string()).part("file", file);
        self.call(self.request(Method::POST, "upload").multipart(form).timeout(time)).await
    }

    /// Says what is to be said about a file.
    pub async fn fileinfo(&self, document: &str) -> Result<Answer, CallError> {
        self.document("fileinfo", document).await
    }

    /// Makes a report final.
    pub async fn finish(&self, report: i64) -> Result<Answer, CallError> {
        self.call(self.request(Method::POST, "finish").multipart(Form::new().text("id", report.to_string()))).await
    }

    /// Takes an unfinished report back.
    pub async fn retract(&self, report: i64) -> Result<Answer, CallError> {
        self.call(self.request(Method::POST, "retract").multipart(Form::new().text("id", report.to_string()))).await
    }

    async fn document(&self, path: &str, document: &str) -> Result<Answer, CallError> {
        let request = self.request(Method::POST, path);
        self.call(request.header("content-type", "text/xml; charset=utf-8").body(document.to_owned())).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let Credentials { username, password } = &self.credentials;
        self.http.request(method, format!("{}/{path}", self.base)).basic_auth(username, Some(password.as_str()))
    }

    async fn call(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        let response = request.send().await.map_err(|error| {
            // What went wrong, without the address: nothing of ours belongs in a log.
            let error = error.without_url();
            if error.is_connect() || error.is_builder() {
                CallError::NotSent(words(&error))
            } else {
                CallError::Lost(words(&error))
            }
        })?;
        read(response).await
    }
}

async fn read(mut response: Response) -> Result<Answer, CallError> {
    let http_status = response.status().as_u16();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "set-cookie")
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let request_id = headers.iter().find(|(name, _)| name == "request-id").map(|(_, value)| value.clone());
    let mut raw = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| CallError::Lost(words(&error.without_url())))? {
        if raw.len() + piece.len() > MOST_ANSWER {
            return Err(CallError::Lost("the answer is too long".to_owned()));
        }
        raw.extend_from_slice(&piece);
    }
    Ok(Answer { http_status, request_id, headers, raw })
}
