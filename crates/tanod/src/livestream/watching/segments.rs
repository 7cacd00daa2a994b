//! What is kept of a stream on a signal: the seconds before it, which were in memory alone, and those after it. Each is sealed media of
//! the case like an upload.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;
use crate::audit::{self, Entry};
use crate::intake::{self, Arrival, Facts};
use crate::livestream::{Stream, StreamSignal};
use crate::refusal::Result;
use crate::review::{self, Joining, Route, SignalKind};
use crate::store::{ItemId, Recorded, StreamSignalId, Tx};

/// Which stretch of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamSegmentPart)]
pub enum Part {
    /// What came before the signal.
    Before,
    /// What came after it.
    After,
}

/// A stretch of a stream that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamSegment)]
pub struct Segment {
    /// Because of which signal.
    pub signal: StreamSignalId,
    /// Which stretch.
    pub part: Part,
    /// From when.
    #[schema(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// The sealed upload that it is; absent where nothing was in memory.
    pub item: Option<ItemId>,
}

/// What a stretch is as an upload.
pub(super) fn facts(stream: &Stream, from: Timestamp) -> Facts {
    Facts {
        content_id: stream.content_id.clone(),
        account: stream.account.clone(),
        surface: Some("live_stream".to_owned()),
        uploaded_at: Some(from),
        upload_ip: stream.address,
        upload_port: stream.port,
        public: Some(stream.public),
        urls: stream.urls.clone(),
        file_name: Some(format!("stream-{}.ts", from.strftime("%Y%m%dT%H%M%SZ"))),
        ..Facts::default()
    }
}

/// Puts a stretch into the case of its signal, or says that there was none. Nothing when somebody has said so before.
pub(super) async fn put(
    tx: &mut Tx,
    stream: &Stream,
    signal: &StreamSignal,
    segment: &Segment,
    arrival: Option<&Arrival>,
) -> Result<Option<Recorded>> {
    if !store::insert_segment(tx, stream.id, segment).await? {
        return Ok(None);
    }
    let mut case = signal.case;
    if let Some(arrival) = arrival {
        intake::keep_told(tx, stream.id.0, arrival).await?;
        let joining = Joining {
            kind: SignalKind::Stream,
            item: Some(arrival.id),
            notice: None,
            stream: Some(stream.id),
            route: Route::StreamRule,
            account: stream.account.as_ref(),
            gathered_by: vec![format!("content:{}", stream.content_id)],
            case: Some(signal.case),
            grounds: Vec::new(),
            language: None,
        };
        case = review::join(tx, joining).await?;
    }
    let seconds =
        segment.from.zip(segment.until).map_or(SignedDuration::ZERO, |(from, until)| until.duration_since(from));
    let detail = json!({"part": segment.part, "item": segment.item, "seconds": seconds.as_secs(), "signal": signal.id});
    let entry = Entry::by_tanod("stream.segment_kept").case(case).about(stream.id).detail(detail);
    audit::record(tx, entry).await.map(Some)
}
