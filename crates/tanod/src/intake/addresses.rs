//! What is seen at which address. A notice of somebody who uses the platform often names nothing else; of an address only a
//! digest is kept, also of an upload that nothing was found in.

use sha2::{Digest as _, Sha256};
use url::Url;

use super::store;
use crate::refusal::Result;
use crate::store::Tx;

/// An address as it is compared: people copy it with and without scheme, `www.`, fragment and a slash at its end.
pub fn digest(address: &str) -> Option<[u8; 32]> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(Sha256::digest(format!("{host}{port}{}{query}", url.path().trim_end_matches('/'))).into())
}

/// Writes down what is seen at these addresses, as the platform says.
pub async fn seen_at(tx: &mut Tx, addresses: &[String], content_id: &str, sha256: Option<&[u8]>) -> Result<()> {
    for address in addresses.iter().filter_map(|address| digest(address)) {
        store::insert_address(tx, &address, content_id, sha256).await?;
    }
    Ok(())
}

/// The platform's ids of what is seen at an address.
pub async fn contents_at(tx: &mut Tx, address: &str) -> Result<Vec<String>> {
    match digest(address) {
        Some(address) => store::contents_at(tx, &address).await,
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn an_address_is_the_same_however_it_is_copied() {
        let one = digest("https://platform.example/p/1");
        assert!(one.is_some());
        for same in [
            "http://platform.example/p/1",
            "https://www.platform.example/p/1/",
            "HTTPS://Platform.Example/p/1#top",
            "https://platform.example:443/p/1",
        ] {
            assert_eq!(digest(same), one, "{same}");
        }
        for other in ["https://platform.example/p/2", "https://platform.example/p/1?x=2", "https://a.example/p/1"] {
            assert_ne!(digest(other), one, "{other}");
        }
        assert_eq!(digest("p/1"), None);
    }
}
