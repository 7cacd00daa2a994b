//! What a bucket keeps beside the objects that it gives: older versions, copies elsewhere, locks. Each of them outlives a deletion, so
//! an operator must know of it.

use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpConnector as _, HttpRequest, HttpRequestBody, ReqwestConnector};

use crate::S3;

/// Something that a bucket may keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// `versioning`, `replication` or `object-lock`, as S3 names the question.
    pub what: &'static str,
    /// Whether it is on; the words say why that is not known.
    pub on: Result<bool, String>,
}

/// Each question, the words in an answer that mean yes, and the code of an answer that means no.
const QUESTIONS: [(&str, &[&str], &str); 3] = [
    ("versioning", &["<Status>Enabled</Status>", "<Status>Suspended</Status>"], ""),
    ("replication", &["<Status>Enabled</Status>"], "ReplicationConfigurationNotFoundError"),
    ("object-lock", &["<ObjectLockEnabled>Enabled</ObjectLockEnabled>"], "ObjectLockConfigurationNotFoundError"),
];

impl S3 {
    /// Asks the bucket what it keeps.
    pub async fn keeps(&self) -> Vec<Keeps> {
        let mut all = Vec::new();
        for (what, yes, no) in QUESTIONS {
            let on = match self.ask(what).await {
                Ok((true, text)) => Ok(yes.iter().any(|words| text.contains(words))),
                Ok((false, text)) if !no.is_empty() && text.contains(no) => Ok(false),
                Ok((false, text)) => Err(code(&text)),
                Err(words) => Err(words),
            };
            all.push(Keeps { what, on });
        }
        all
    }

    /// Whether it answered with a success, and what.
    async fn ask(&self, what: &str) -> Result<(bool, String), String> {
        let trouble = |error: &dyn std::error::Error| error.to_string();
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://s3.{}.amazonaws.com", self.region),
        };
        let options = ClientOptions::new().with_allow_http(base.starts_with("http://")).with_timeout(self.time);
        let client = ReqwestConnector::default().connect(&options).map_err(|error| trouble(&error))?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() =
            format!("{base}/{}?{what}", self.bucket).parse().map_err(|_| "no such address".to_owned())?;
        let credential =
            AwsCredential { key_id: self.access_key.clone(), secret_key: self.secret_key.clone(), token: None };
        let signed = AwsAuthorizer::new(&credential, "s3", &self.region).try_authorize(&mut request, None);
        signed.map_err(|error| trouble(&error))?;
        let answer = client.execute(request).await.map_err(|error| trouble(&error))?;
        let fine = answer.status().is_success();
        let text = answer.into_body().bytes().await.map_err(|error| trouble(&error))?;
        Ok((fine, String::from_utf8_lossy(&text).into_owned()))
    }
}

/// S3's word for what is wrong.
fn code(text: &str) -> String {
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(|| "an answer that is not understood".to_owned(), |(code, _)| code.to_owned())
}
