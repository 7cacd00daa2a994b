//! The simulator over HTTP: who may come in, what a call looks like, and connections that end too early.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Request, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use hyper_util::rt::TokioIo;
use md5::{Digest as _, Md5};
use tower::ServiceExt as _;

use super::{Endpoint, Fault, Misbehaviour, Said, Settings, Simulator, Statuses};

/// Marks an answer that must not be sent: the connection is cut instead.
#[derive(Clone, Copy)]
struct Cut;

impl Simulator {
    /// Serves until `stop` ends.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let router = self.router();
        let mut connections = tokio::task::JoinSet::new();
        tokio::pin!(stop);
        loop {
            let (stream, address) = tokio::select! {
                accepted = listener.accept() => accepted?,
                () = &mut stop => return Ok(()),
            };
            let router = router.clone();
            connections.spawn(async move {
                let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(address));
                    let router = router.clone();
                    async move {
                        let response = router
                            .oneshot(request.map(Body::new))
                            .await
                            .unwrap_or_else(|never: Infallible| match never {});
                        if response.extensions().get::<Cut>().is_some() {
                            return Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted));
                        }
                        Ok(response)
                    }
                });
                // An error here is a connection that was cut, by either side.
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
            });
            while connections.try_join_next().is_some() {}
        }
    }

    fn router(self) -> Router {
        Router::new()
            .route("/ispws/status", get(|state, request| call(state, Endpoint::Status, request)))
            .route("/ispws/xsd", get(|state, request| call(state, Endpoint::Xsd, request)))
            .route("/ispws/submit", axum::routing::post(|state, request| call(state, Endpoint::Submit, request)))
            .route("/ispws/upload", axum::routing::post(|state, request| call(state, Endpoint::Upload, request)))
            .route("/ispws/fileinfo", axum::routing::post(|state, request| call(state, Endpoint::Fileinfo, request)))
            .route("/ispws/finish", axum::routing::post(|state, request| call(state, Endpoint::Finish, request)))
            .route("/ispws/retract", axum::routing::post(|state, request| call(state, Endpoint::Retract, request)))
            // Not part of the API: for scripts that look from outside.
            .route("/sim/reports", get(|Shared(sim): Shared<Self>| async move { Json(sim.reports()) }))
            .layer(DefaultBodyLimit::disable())
            .with_state(self)
    }

    /// Whose request it is.
    fn owner(&self, request: &Request) -> Option<String> {
        let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let plain = base64::engine::general_purpose::STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
        let plain = String::from_utf8(plain).ok()?;
        let (username, password) = plain.split_once(':')?;
        let Settings { username: first, password: its, another, .. } = &*self.settings;
        let others = another.iter().map(|(username, password)| (username, password));
        let mut accounts = std::iter::once((first, its)).chain(others);
        accounts.any(|account| account == (&username.to_owned(), &password.to_owned())).then(|| username.to_owned())
    }

    async fn act(&self, owner: &str, at: Endpoint, request: Request, from: IpAddr) -> Result<Said, Fault> {
        if at == Endpoint::Status {
            let description = format!("Remote User : {owner}, Remote Ip : {from}");
            return Ok(Said { description: Some(description), ..Said::default() });
        }
        if at == Endpoint::Xsd {
            let schema = self.settings.xsd.clone().ok_or(Fault::code(1_210))?;
            return Ok(Said { schema: Some(schema), ..Said::default() });
        }
        if !self.settings.may_submit {
            return Err(Fault::code(if at == Endpoint::Submit { 3_100 } else { 3_300 }));
        }
        match at {
            Endpoint::Submit | Endpoint::Fileinfo => {
                let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
                if !kind.is_some_and(|kind| kind.starts_with("text/xml")) {
                    return Err(Fault::code(4_000));
                }
                let bytes =
                    axum::body::to_bytes(request.into_body(), 64 << 20).await.map_err(|_| Fault::code(4_000))?;
                let xml = std::str::from_utf8(&bytes).map_err(|_| Fault::code(4_110))?;
                if at == Endpoint::Submit { self.submit(owner, xml) } else { self.fileinfo(owner, xml) }
            }
            _ => {
                let form = form(request).await?;
                let id = form.id.ok_or(Fault::code(4_000))?;
                match (at, form.file) {
                    (Endpoint::Upload, Some((name, md5, size))) if size > 0 => self.upload(owner, id, name, md5, size),
                    (Endpoint::Upload, _) => Err(Fault::code(4_200)),
                    (Endpoint::Finish, _) => self.finish(owner, id),
                    _ => self.retract(owner, id),
                }
            }
        }
    }

    fn status(&self, code: i32) -> StatusCode {
        match (self.settings.statuses, code) {
            (_, 2_000) => StatusCode::UNAUTHORIZED,
            (_, 0) | (Statuses::Legacy200, _) => StatusCode::OK,
            (Statuses::Modern, 3_000..=3_999) => StatusCode::FORBIDDEN,
            (Statuses::Modern, 4_000..=4_999) => StatusCode::BAD_REQUEST,
            (Statuses::Modern, 1_210 | 5_001 | 5_002) => StatusCode::NOT_FOUND,
            (Statuses::Modern, 5_000..=5_999) => StatusCode::CONFLICT,
            (Statuses::Modern, _) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[derive(Default)]
struct Form {
    id: Option<i64>,
    file: Option<(String, String, u64)>,
}

/// Either form of a body, with its parts in any order; a file is read piece by piece and only its digest is kept.
async fn form(request: Request) -> Result<Form, Fault> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut form = Form::default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let bytes = axum::body::to_bytes(request.into_body(), 1 << 16).await.map_err(|_| Fault::code(4_000))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        form.id = text.split('&').find_map(|pair| pair.strip_prefix("id=")?.parse().ok());
        return Ok(form);
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| Fault::code(4_000))?;
    while let Some(mut part) = parts.next_field().await.map_err(|_| Fault::code(4_200))? {
        match part.name() {
            Some("id") => form.id = part.text().await.ok().and_then(|text| text.trim().parse().ok()),
            Some("file") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                let (mut md5, mut size) = (Md5::new(), 0_u64);
                while let Some(piece) = part.chunk().await.map_err(|_| Fault::code(4_200))? {
                    size += u64::try_from(piece.len()).unwrap_or(0);
                    md5.update(&piece);
                }
                form.file = Some((name, hex::encode(md5.finalize()), size));
            }
            _ => {}
        }
    }
    Ok(form)
}

async fn call(Shared(sim): Shared<Simulator>, at: Endpoint, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let from =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
    let mut response = match sim.owner(&request) {
        Some(owner) => misbehaving(&sim, &owner, at, request, from).await,
        None => StatusCode::UNAUTHORIZED.into_response(),
    };
    let id = sim.random_hex();
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("request-id", id);
    }
    sim.inner().calls.push(format!("{path} {}", response.status().as_u16()));
    response
}

async fn misbehaving(sim: &Simulator, owner: &str, at: Endpoint, request: Request, from: IpAddr) -> Response {
    let fault = sim.take_fault(at);
    match fault {
        Some(Misbehaviour::CutBeforeActing) => return cut(),
        Some(Misbehaviour::Html500) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "<html><body>sorry</body></html>").into_response();
        }
        Some(Misbehaviour::Unauthorized) => return StatusCode::UNAUTHORIZED.into_response(),
        Some(Misbehaviour::Code(code)) => return sim.answer(Err(Fault { code, description: "?".to_owned() }), ""),
        Some(Misbehaviour::DoneWithError(code)) => {
            let body = format!(
                "<reportDoneResponse><responseCode>{code}</responseCode><reportId>0</reportId><files/></reportDoneResponse>"
            );
            return (sim.status(code), [(header::CONTENT_TYPE, "application/xml")], body).into_response();
        }
        Some(Misbehaviour::TooManyRequests) => {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
        }
        Some(Misbehaviour::ExpireNow) => sim.expire_all(),
        _ => {}
    }
    let mut said = if fault == Some(Misbehaviour::Twice) {
        twice(sim, owner, at, request, from).await
    } else {
        sim.act(owner, at, request, from).await
    };
    match fault {
        Some(Misbehaviour::CutAfterActing) => return cut(),
        Some(Misbehaviour::Slow(wait)) => tokio::time::sleep(wait).await,
        Some(Misbehaviour::WrongMd5) => {
            if let Ok(said) = &mut said {
                said.hash = Some("0".repeat(32));
            }
        }
        _ => {}
    }
    let extra = if fault == Some(Misbehaviour::ExtraElements) { "<news kind=\"x\"><deep>1</deep></news>" } else { "" };
    let mut response = sim.answer(said, extra);
    if fault == Some(Misbehaviour::ZeroWith500) {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    match fault {
        Some(Misbehaviour::Trickle(pause)) => trickling(response, pause).await,
        _ => response,
    }
}

/// The same answer, byte by byte, its length announced as ever.
async fn trickling(response: Response, pause: Duration) -> Response {
    let (mut head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let each = futures_util::stream::unfold(bytes, move |mut bytes| async move {
        tokio::time::sleep(pause).await;
        (!bytes.is_empty()).then(|| (Ok::<_, Infallible>(bytes.split_to(1)), bytes))
    });
    Response::from_parts(head, Body::from_stream(each))
}

/// A request that a proxy between delivered twice.
async fn twice(sim: &Simulator, owner: &str, at: Endpoint, request: Request, from: IpAddr) -> Result<Said, Fault> {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.map_err(|_| Fault::code(4_000))?;
    let again = Request::from_parts(head.clone(), Body::from(bytes.clone()));
    sim.act(owner, at, Request::from_parts(head, Body::from(bytes)), from).await.ok();
    sim.act(owner, at, again, from).await
}

fn cut() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(Cut);
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Simulator {
    fn answer(&self, said: Result<Said, Fault>, extra: &str) -> Response {
        let element =
            |name: &str, text: Option<String>| text.map_or_else(String::new, |text| format!("<{name}>{text}</{name}>"));
        let (code, body) = match said {
            Ok(Said { schema: Some(schema), .. }) => {
                return ([(header::CONTENT_TYPE, "application/xml")], schema).into_response();
            }
            Ok(Said { report_id, done: Some(files), .. }) => {
                let id = element("reportId", report_id.map(|id| id.to_string()));
                let files: String = files.into_iter().map(|file| element("fileId", Some(file))).collect();
                let body = format!(
                    "<reportDoneResponse><responseCode>0</responseCode>{extra}{id}<files>{files}</files></reportDoneResponse>"
                );
                (0, body)
            }
            Ok(said) => {
                let words = escaped(&said.description.unwrap_or_else(|| "Success".to_owned()));
                let id = element("reportId", said.report_id.map(|id| id.to_string()));
                let file = element("fileId", said.file_id) + &element("hash", said.hash);
                let body = format!(
                    "<reportResponse><responseCode>0</responseCode><responseDescription>{words}</responseDescription>{extra}{id}{file}</reportResponse>"
                );
                (0, body)
            }
            Err(fault) => {
                let (code, words) = (fault.code, escaped(&fault.description));
                let body = format!(
                    "<reportResponse><responseCode>{code}</responseCode><responseDescription>{words}</responseDescription>{extra}</reportResponse>"
                );
                (code, body)
            }
        };
        let prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
        (self.status(code), [(header::CONTENT_TYPE, "application/xml")], format!("{prolog}{body}")).into_response()
    }
}
