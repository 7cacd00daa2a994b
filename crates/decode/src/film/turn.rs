//! How a film says that it is to be shown: cameras that are held upright write lying pictures and a turn.

use std::io::{self, Read, Seek, SeekFrom};

use heifer_isobmff::boxes::Property;

use crate::track;

/// The longest description of a film that is read for its turn.
const MOST_MOVIE: u64 = 64 << 20;
/// So many boxes are passed over on the way to it.
const MOST_BOXES: usize = 10_000;

/// What is done to each frame so that it is as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// In the words of ffmpeg, with a comma before them.
    pub(super) filter: &'static str,
    /// Whether width becomes height.
    pub(super) lies: bool,
}

/// The turn of an ISO film (ISO/IEC 14496-12); no other container that we read has one.
pub(super) fn of(film: &mut (impl Read + Seek)) -> Turn {
    let property = movie(film).ok().flatten().and_then(|movie| track::turn_of_film(&movie));
    match property {
        Some(Property::Rotation(1)) => Turn { filter: ",transpose=cclock", lies: true },
        Some(Property::Rotation(2)) => Turn { filter: ",hflip,vflip", lies: false },
        Some(Property::Rotation(3)) => Turn { filter: ",transpose=clock", lies: true },
        Some(Property::Mirror(false)) => Turn { filter: ",hflip", lies: false },
        Some(Property::Mirror(true)) => Turn { filter: ",vflip", lies: false },
        _ => Turn::default(),
    }
}

/// What is in the box that describes the film.
fn movie(film: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    film.rewind()?;
    for _ in 0..MOST_BOXES {
        let mut head = [0; 8];
        if film.read_exact(&mut head).is_err() {
            break;
        }
        let [a, b, c, d, name @ ..] = head;
        let (size, known) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (u64::MAX, 8),
            1 => {
                let mut long = [0; 8];
                film.read_exact(&mut long)?;
                (u64::from_be_bytes(long), 16)
            }
            size => (u64::from(size), 8),
        };
        let Some(inner) = size.checked_sub(known) else { break };
        if &name == b"moov" {
            let mut movie = Vec::new();
            film.take(inner.min(MOST_MOVIE)).read_to_end(&mut movie)?;
            return Ok(Some(movie));
        }
        let Ok(inner) = i64::try_from(inner) else { break };
        film.seek(SeekFrom::Current(inner))?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn boxed(name: [u8; 4], inner: &[u8]) -> Vec<u8> {
        let size = u32::try_from(inner.len() + 8).unwrap();
        [&size.to_be_bytes(), name.as_slice(), inner].concat()
    }

    /// A film with a sound track and one of pictures with this matrix.
    fn film(matrix: [i32; 4]) -> Vec<u8> {
        let [a, b, c, d] = matrix;
        let mut header = vec![0; 40];
        for value in [a, b, 0, c, d, 0, 0, 0, 1 << 30] {
            header.extend(value.to_be_bytes());
        }
        let track = |kind: [u8; 4], header: &[u8]| {
            let handler = boxed(*b"hdlr", &[&[0; 8], kind.as_slice(), &[0; 12]].concat());
            boxed(*b"trak", &[boxed(*b"tkhd", header), boxed(*b"mdia", &handler)].concat())
        };
        let movie = boxed(*b"moov", &[track(*b"soun", &[0; 84]), track(*b"vide", &header)].concat());
        [boxed(*b"ftyp", b"isom0000"), boxed(*b"mdat", &[7; 100]), movie].concat()
    }

    #[test]
    fn a_turn_is_read_wherever_the_film_is_described() {
        const ONE: i32 = 1 << 16;
        for (matrix, filter, lies) in [
            ([ONE, 0, 0, ONE], "", false),
            ([0, ONE, -ONE, 0], ",transpose=clock", true),
            ([0, -ONE, ONE, 0], ",transpose=cclock", true),
            ([-ONE, 0, 0, -ONE], ",hflip,vflip", false),
            ([-ONE, 0, 0, ONE], ",hflip", false),
            ([ONE, 7, 0, ONE], "", false),
        ] {
            assert_eq!(of(&mut Cursor::new(film(matrix))), Turn { filter, lies }, "{matrix:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte: u8) {
            of(&mut Cursor::new(&bytes));
            let mut bent = film([0, 1 << 16, -(1 << 16), 0]);
            let at = at.index(bent.len());
            bent[at] = byte;
            of(&mut Cursor::new(bent));
        }
    }
}
