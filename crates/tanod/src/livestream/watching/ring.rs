//! The last seconds of a stream as it came, in memory and nowhere else: older ones go as newer ones come.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};

/// What came lately.
#[derive(Debug)]
pub(super) struct Ring {
    pieces: VecDeque<(Timestamp, Bytes)>,
    bytes: usize,
    most_bytes: usize,
    most_time: SignedDuration,
}

impl Ring {
    /// One that holds so many seconds, and never more bytes.
    pub(super) fn new(seconds: u32, most_bytes: usize) -> Self {
        let most_time = SignedDuration::from_secs(i64::from(seconds));
        Self { pieces: VecDeque::new(), bytes: 0, most_bytes, most_time }
    }

    /// From now on it never holds more bytes than these: memory is shared with other streams.
    pub(super) fn limit(&mut self, most_bytes: usize) {
        self.most_bytes = most_bytes;
        if let Some((at, _)) = self.pieces.back() {
            self.let_go(*at);
        }
    }

    /// Takes what came at a time that is not before the last one's.
    pub(super) fn push(&mut self, at: Timestamp, piece: Bytes) {
        self.bytes = self.bytes.saturating_add(piece.len());
        self.pieces.push_back((at, piece));
        self.let_go(at);
    }

    fn let_go(&mut self, at: Timestamp) {
        while let Some((oldest, piece)) = self.pieces.front() {
            if self.bytes <= self.most_bytes && at.duration_since(*oldest) <= self.most_time {
                break;
            }
            self.bytes = self.bytes.saturating_sub(piece.len());
            self.pieces.pop_front();
        }
    }

    /// What came after then, one after the other.
    pub(super) fn since(&self, then: Timestamp) -> impl Iterator<Item = &Bytes> {
        let from = self.pieces.partition_point(|(at, _)| *at <= then);
        self.pieces.range(from..).map(|(_, piece)| piece)
    }

    /// What came after then, in one piece, with the times of its first and last bytes; nothing where nothing came.
    pub(super) fn cut(&self, after: Timestamp) -> Option<(Timestamp, Timestamp, Bytes)> {
        let from = self.pieces.partition_point(|(at, _)| *at <= after);
        let ((first, _), (last, _)) = (self.pieces.get(from)?, self.pieces.back()?);
        let mut whole = BytesMut::with_capacity(self.since(after).map(Bytes::len).sum());
        self.since(after).for_each(|piece| whole.extend_from_slice(piece));
        Some((*first, *last, whole.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Never more than its bytes and its time; within them nothing is lost, and it comes back in order.
        #[test]
        fn it_holds_the_last_seconds_and_no_more(
            pieces in prop::collection::vec((0_i64..3_000, 1_usize..50), 1..80), seconds in 1_u32..20, most in 50_usize..600,
        ) {
            let (mut ring, mut now, mut all) = (Ring::new(seconds, most), 1_000_000_i64, Vec::new());
            for (nth, (pause, length)) in pieces.iter().enumerate() {
                now += pause;
                let piece = Bytes::from(vec![u8::try_from(nth).unwrap(); *length]);
                ring.push(Timestamp::from_millisecond(now).unwrap(), piece.clone());
                all.push((now, piece));
            }
            prop_assert!(ring.bytes <= most);
            let mut kept: Vec<_> = Vec::new();
            let mut room = most;
            for (at, piece) in all.iter().rev() {
                if now - at > i64::from(seconds) * 1_000 || piece.len() > room {
                    break;
                }
                room -= piece.len();
                kept.push(piece.clone());
            }
            kept.reverse();
            let (from, until, whole) = ring.cut(Timestamp::UNIX_EPOCH).unwrap();
            // What was pushed out for its bytes may have made room that is not filled again.
            let kept = kept.concat();
            prop_assert!(kept.ends_with(&whole) && !whole.is_empty());
            prop_assert!(from <= until && until.as_millisecond() == now);
            ring.limit(most / 2);
            prop_assert!(ring.bytes <= most / 2);
            if let Some((_, _, less)) = ring.cut(Timestamp::UNIX_EPOCH) {
                prop_assert!(whole.ends_with(&less), "what came last stays");
            }
        }
    }
}
