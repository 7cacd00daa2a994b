//! What a camera wrote into a picture beside the pixels: the few fields that help to find a place, a time or a device, and no
//! others. Read in the child, bounded, as text.

use std::io::Cursor;

use exif::{In, Reader, Tag, Value};

/// No value is longer, in bytes; what is longer is cut and says so.
pub(crate) const MOST_VALUE: usize = 256;

macro_rules! fields {
    ($($name:ident,)*) => {
        /// The fields that are read, by their names in the standard (CIPA DC-008).
        pub(crate) const FIELDS: [&str; [$(stringify!($name)),*].len()] = [$(stringify!($name)),*];
        const TAGS: [Tag; FIELDS.len()] = [$(Tag::$name),*];
    };
}

fields! {
    Make, Model, Software, ImageDescription, Artist, Copyright, UserComment,
    DateTime, DateTimeOriginal, DateTimeDigitized, OffsetTime, OffsetTimeOriginal, OffsetTimeDigitized,
    GPSLatitude, GPSLatitudeRef, GPSLongitude, GPSLongitudeRef, GPSAltitude, GPSAltitudeRef, GPSImgDirection, GPSHPositioningError,
    GPSDateStamp, GPSTimeStamp,
    CameraOwnerName, BodySerialNumber, LensMake, LensModel, LensSerialNumber, ImageUniqueID, PixelXDimension, PixelYDimension,
}

/// What a camera wrote into a picture: pairs of a field's name and its text. Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exif(pub(crate) Vec<(u8, String)>);

impl Exif {
    /// Name and text of each field that is there.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter_map(|(field, text)| Some((*FIELDS.get(usize::from(*field))?, text.as_str())))
    }
}

/// Reads what of a file can be read; a file without any, or of a format that has none, has none.
pub(crate) fn read(media: &[u8]) -> Exif {
    let found = Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(media));
    let Ok(found) = found.or_else(|error| error.distill_partial_result(|_| {})) else { return Exif::default() };
    let field = |(field, tag): (u8, &Tag)| {
        let entry = found.get_field(*tag, In::PRIMARY)?;
        let text = match &entry.value {
            Value::Ascii(lines) => {
                lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("; ")
            }
            // Eight bytes name the character set (section 4.6.5 of the standard).
            Value::Undefined(bytes, _) => String::from_utf8_lossy(bytes.get(8..)?).into_owned(),
            value if count(value) <= 8 => entry.display_value().to_string(),
            _ => return None,
        };
        let text = cut(&text);
        (!text.is_empty()).then_some((field, text))
    };
    Exif((0..).zip(&TAGS).filter_map(field).collect())
}

fn count(value: &Value) -> usize {
    match value {
        Value::Byte(values) => values.len(),
        Value::Short(values) => values.len(),
        Value::Long(values) => values.len(),
        Value::Rational(values) => values.len(),
        Value::SRational(values) => values.len(),
        _ => usize::MAX,
    }
}

/// Without characters that nobody can read, and not too long.
fn cut(text: &str) -> String {
    let mut kept = String::new();
    let visible = text.chars().map(|c| if c.is_control() || c == '\u{fffd}' { ' ' } else { c }).collect::<String>();
    for c in visible.trim().chars() {
        if kept.len() + c.len_utf8() > MOST_VALUE - '…'.len_utf8() {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A TIFF of one directory, little endian: tag, type, count and value of each entry.
    fn tiff(entries: &[(u16, u16, &[u8])]) -> Vec<u8> {
        let size = |kind: u16| if kind == 5 { 8 } else { 1 };
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        let mut values = Vec::new();
        let behind = 8 + 2 + entries.len() * 12 + 4;
        for (tag, kind, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u32::try_from(value.len() / size(*kind)).unwrap().to_le_bytes());
            if value.len() <= 4 {
                bytes.extend_from_slice(value);
                bytes.resize(bytes.len() + 4 - value.len(), 0);
            } else {
                bytes.extend(u32::try_from(behind + values.len()).unwrap().to_le_bytes());
                values.extend_from_slice(value);
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(values);
        bytes
    }

    #[test]
    fn what_helps_is_read_and_nothing_else() {
        let long = "x".repeat(1_000);
        let bytes = tiff(&[
            (0x010f, 2, b"Example Cameras\0"),
            (0x0131, 2, long.as_bytes()),
            (0x0132, 2, b"2026:01:02 03:04:05\0"),
            (0x9c9b, 1, b"not read"),
        ]);
        let exif = read(&bytes);
        let pairs: Vec<_> = exif.pairs().collect();
        assert_eq!(pairs[0], ("Make", "Example Cameras"));
        assert!(pairs[1].0 == "Software" && pairs[1].1.len() <= MOST_VALUE && pairs[1].1.ends_with('…'));
        assert_eq!(pairs[2], ("DateTime", "2026:01:02 03:04:05"));
        assert_eq!(pairs.len(), 3);
        // In a JPEG it stands behind a mark; the rest of the file does not matter.
        let body = [b"Exif\0\0".as_slice(), &bytes].concat();
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        let jpeg = [b"\xff\xd8\xff\xe1".as_slice(), &length, &body, b"\xff\xd9"].concat();
        assert_eq!(read(&jpeg), exif);
        assert_eq!(read(b"GIF89a"), Exif::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(
            magic in prop::sample::select(vec![
                &b""[..], b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0\x08\0\0\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08",
                b"\0\0\0\x14ftypheic\0\0\0\0mif1", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPEXIF",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            for (name, text) in read(&[magic, bytes.as_slice()].concat()).pairs() {
                prop_assert!(FIELDS.contains(&name) && (1..=MOST_VALUE).contains(&text.len()));
            }
        }

        #[test]
        fn any_value_is_bounded(tag in any::<u16>(), kind in 0_u16..13, value in prop::collection::vec(any::<u8>(), 0..600)) {
            let value = &value[..value.len() / 8 * 8];
            for (_, text) in read(&tiff(&[(tag, kind, value)])).pairs() {
                prop_assert!((1..=MOST_VALUE).contains(&text.len()) && !text.chars().any(char::is_control));
            }
        }
    }
}
