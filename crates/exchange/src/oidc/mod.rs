//! Providers of identity, the relying side of OpenID Connect Core 1.0: where somebody is sent, and what the provider then says of
//! them. The authorization code flow with PKCE (RFC 7636) and nothing else; what is said is judged by `token`.

pub mod token;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::http::words;
use crate::webhooks::may_call;

/// The longest answer that is read.
const LONGEST: usize = 256 * 1024;

/// A provider, as the settings name it.
#[derive(Clone)]
pub struct Provider {
    /// Its issuer, to the letter.
    pub issuer: String,
    /// As it calls us.
    pub client_id: String,
    /// As it knows us, unless we are a public client.
    pub secret: Option<Zeroizing<String>>,
    /// Hosts beside the issuer's own at which it may answer.
    pub hosts: Vec<String>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.issuer)
    }
}

/// A provider that cannot be used now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Away {
    /// No answer.
    #[error("the provider is not reached: {0}")]
    Unreachable(String),
    /// Another status than success.
    #[error("the provider answers with status {0}")]
    Status(u16),
    /// More, or something else, than was asked for.
    #[error("the provider's answer is none: {0}")]
    Unreadable(&'static str),
    /// An address that we do not call.
    #[error("the provider names an address at another host: {0}")]
    Elsewhere(String),
}

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug, Deserialize)]
pub struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// One attempt to sign in: what is remembered here while somebody is at the provider.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// Where the provider sends them back to.
    pub redirect_uri: &'a str,
    /// Comes back with them.
    pub state: &'a str,
    /// Comes back in what the provider says.
    pub nonce: &'a str,
    /// Proves that whoever redeems the code is who asked for it.
    pub verifier: &'a str,
    /// Whether the provider is to ask them anew, although it knows them.
    pub anew: bool,
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

fn form(fields: &[(&str, &str)]) -> Option<String> {
    let url = Url::parse_with_params("http://localhost/", fields).ok()?;
    url.query().map(str::to_owned)
}

impl Provider {
    /// An address that may be called: HTTPS, or this machine; the issuer's host, or one that the settings name.
    fn ours(&self, address: &str) -> Result<(), Away> {
        let elsewhere = || Away::Elsewhere(address.chars().take(200).collect());
        let host = |address: &str| Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
        let at = host(address).filter(|_| may_call(address)).ok_or_else(elsewhere)?;
        let known = host(&self.issuer).as_ref() == Some(&at) || self.hosts.contains(&at);
        if known { Ok(()) } else { Err(elsewhere()) }
    }

    /// What the provider says of itself. It must name the very issuer, and addresses at its own host alone.
    pub async fn discover(&self, http: &reqwest::Client) -> Result<Discovered, Away> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        self.ours(&address)?;
        let found: Discovered = read(http.get(address)).await?;
        if found.issuer != self.issuer {
            return Err(Away::Unreadable("it names another issuer"));
        }
        for address in [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri] {
            self.ours(address)?;
        }
        Ok(found)
    }

    /// Where somebody is sent.
    pub fn authorization(&self, found: &Discovered, attempt: &Attempt<'_>) -> Result<String, Away> {
        let challenge = BASE64URL.encode(digest(&SHA256, attempt.verifier.as_bytes()));
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", attempt.redirect_uri),
            ("scope", "openid email"),
            ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if attempt.anew {
            fields.extend([("prompt", "login"), ("max_age", "0")]);
        }
        let url = Url::parse_with_params(&found.authorization_endpoint, fields);
        url.map(String::from).map_err(|_| Away::Unreadable("its authorization endpoint"))
    }

    /// Redeems a code for what the provider says of somebody: an ID token, not judged yet.
    pub async fn redeem(
        &self,
        http: &reqwest::Client,
        found: &Discovered,
        attempt: &Attempt<'_>,
        code: &str,
    ) -> Result<String, Away> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", attempt.redirect_uri),
            ("code_verifier", attempt.verifier),
        ];
        let methods = &found.token_endpoint_auth_methods_supported;
        let mut request = http.post(&found.token_endpoint);
        match &self.secret {
            // The way that every provider knows unless it says otherwise (Core, section 9); both parts are coded as in a form.
            Some(secret) if methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic") => {
                let coded = |text: &str| form(&[("", text)]).unwrap_or_default().trim_start_matches('=').to_owned();
                request = request.basic_auth(coded(&self.client_id), Some(coded(secret)));
            }
            Some(secret) => fields.extend([("client_id", self.client_id.as_str()), ("client_secret", secret.as_str())]),
            None => fields.push(("client_id", &self.client_id)),
        }
        let body = form(&fields).ok_or(Away::Unreadable("its token endpoint"))?;
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        Ok(read::<Redeemed>(request.header("accept", "application/json")).await?.id_token)
    }

    /// The keys with which the provider signs.
    pub async fn keys(&self, http: &reqwest::Client, found: &Discovered) -> Result<token::Keys, Away> {
        read(http.get(&found.jwks_uri)).await
    }
}

async fn read<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Away> {
    let unreachable = |error: reqwest::Error| Away::Unreachable(words(&error.without_url()));
    let mut answer = request.timeout(std::time::Duration::from_secs(15)).send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(Away::Status(answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(Away::Unreadable("it does not end"));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| Away::Unreadable("not the JSON that was asked for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issuers_own_host_is_called_and_those_that_the_settings_name() {
        let provider = Provider {
            issuer: "https://login.example/house".to_owned(),
            client_id: "tanod".to_owned(),
            secret: None,
            hosts: vec!["keys.example".to_owned()],
        };
        for good in ["https://login.example/token", "https://login.example:8443/x", "https://keys.example/jwks"] {
            assert_eq!(provider.ours(good), Ok(()), "{good}");
        }
        for bad in [
            "http://login.example/token",
            "https://login.example.elsewhere.example/",
            "https://elsewhere.example/",
            "http://169.254.169.254/latest",
            "https://user:word@login.example/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(matches!(provider.ours(bad), Err(Away::Elsewhere(_))), "{bad}");
        }
    }
}
