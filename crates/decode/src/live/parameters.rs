//! What a coded picture says of itself, as far as a decoder would hold frames back for it: a stream with B-frames says in its sequence
//! parameter set how many frames are shown later than they come, and a decoder waits for so many. Who looks at key frames alone
//! would wait for as many key frames. So that number is taken out (H.264: ITU-T H.264, 7.3.2.1.1; HEVC: ITU-T H.265, 7.3.2.2.1).

/// How pictures are coded, of what is taken apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
}

/// What one unit of a coded picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// The parameters of a sequence.
    Parameters,
    /// Part of a picture at which everything begins anew.
    Fresh,
    /// Part of another picture.
    Slice,
    /// Anything else.
    Other,
}

impl Coding {
    /// By the type that a program map table gives (ISO/IEC 13818-1, table 2-34).
    pub(super) fn of_type(kind: u8) -> Option<Self> {
        match kind {
            0x1b => Some(Self::Avc),
            0x24 => Some(Self::Hevc),
            _ => None,
        }
    }

    /// What a unit is, by its first byte.
    pub(super) fn unit(self, first: u8) -> Unit {
        match self {
            Self::Avc => match first & 0x1f {
                7 => Unit::Parameters,
                5 => Unit::Fresh,
                1..=4 => Unit::Slice,
                _ => Unit::Other,
            },
            Self::Hevc => match first >> 1 & 0x3f {
                33 => Unit::Parameters,
                16..=20 => Unit::Fresh,
                0..=15 | 21..=31 => Unit::Slice,
                _ => Unit::Other,
            },
        }
    }

    /// A parameter set by which no frame is held back, filled up with zeros to the length that it had. None where it is not understood.
    pub(super) fn without_waiting(self, set: &[u8]) -> Option<Vec<u8>> {
        let mut bits = Bits::of(set);
        match self {
            Self::Avc => bits.avc()?,
            Self::Hevc => bits.hevc()?,
        }
        bits.written(set.len())
    }
}

/// A unit bit by bit, without the bytes that keep it from looking like the beginning of another.
struct Bits {
    bits: Vec<bool>,
    at: usize,
}

impl Bits {
    fn of(unit: &[u8]) -> Self {
        let (mut bits, mut zeros) = (Vec::with_capacity(unit.len() * 8), 0);
        for byte in unit {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bits.extend((0..8).rev().map(|bit| byte >> bit & 1 == 1));
        }
        Self { bits, at: 0 }
    }

    fn u(&mut self, count: usize) -> Option<u64> {
        let bits = self.bits.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(bits.iter().fold(0, |value, bit| value << 1 | u64::from(*bit)))
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.u(1)? == 1)
    }

    /// A number after as many zeros as it has bits.
    fn ue(&mut self) -> Option<u64> {
        let zeros = self.bits.get(self.at..)?.iter().take(33).position(|bit| *bit)?;
        self.at += zeros;
        Some(self.u(zeros + 1)? - 1)
    }

    /// A list of scales that is there (7.3.2.1.1.1): how many numbers it has depends on the numbers.
    fn scales(&mut self, count: usize) -> Option<()> {
        let (mut last, mut next) = (8_i64, 8_i64);
        for _ in 0..count {
            if next != 0 {
                let coded = i64::try_from(self.ue()?).ok()?;
                let delta = if coded & 1 == 1 { (coded + 1) / 2 } else { -(coded / 2) };
                next = (last + delta).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
        Some(())
    }

    /// Leaves out how the picture is to be shown, where the number stands among other wishes.
    fn avc(&mut self) -> Option<()> {
        self.u(8)?;
        let profile = self.u(8)?;
        self.u(16)?;
        self.ue()?;
        if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            let chroma = self.ue()?;
            if chroma == 3 {
                self.flag()?;
            }
            self.ue()?;
            self.ue()?;
            self.flag()?;
            if self.flag()? {
                for list in 0..if chroma == 3 { 12 } else { 8 } {
                    if self.flag()? {
                        self.scales(if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        self.ue()?;
        match self.ue()? {
            0 => drop(self.ue()?),
            1 => {
                self.flag()?;
                self.ue()?;
                self.ue()?;
                for _ in 0..self.ue()?.min(255) {
                    self.ue()?;
                }
            }
            _ => {}
        }
        self.ue()?;
        self.flag()?;
        self.ue()?;
        self.ue()?;
        if !self.flag()? {
            self.flag()?;
        }
        self.flag()?;
        if self.flag()? {
            for _ in 0..4 {
                self.ue()?;
            }
        }
        *self.bits.get_mut(self.at)? = false;
        self.bits.truncate(self.at + 1);
        // How a unit ends.
        self.bits.push(true);
        Some(())
    }

    /// Says of every layer that none of its frames waits for another.
    fn hevc(&mut self) -> Option<()> {
        self.u(16 + 4)?;
        let layers = usize::try_from(self.u(3)?).ok()?;
        self.flag()?;
        self.u(96)?;
        let told: Vec<(u64, u64)> = (0..layers).map(|_| Some((self.u(1)?, self.u(1)?))).collect::<Option<_>>()?;
        if layers > 0 {
            self.u(2 * (8 - layers))?;
        }
        for (profile, level) in told {
            self.u(if profile == 1 { 88 } else { 0 })?;
            self.u(if level == 1 { 8 } else { 0 })?;
        }
        self.ue()?;
        if self.ue()? == 3 {
            self.flag()?;
        }
        self.ue()?;
        self.ue()?;
        if self.flag()? {
            for _ in 0..4 {
                self.ue()?;
            }
        }
        for _ in 0..3 {
            self.ue()?;
        }
        let each = self.flag()?;
        for _ in 0..if each { layers + 1 } else { 1 } {
            self.ue()?;
            let from = self.at;
            self.ue()?;
            self.bits.splice(from..self.at, [true]);
            self.at = from + 1;
            self.ue()?;
        }
        Some(())
    }

    /// As bytes again, of this length. None where it would be longer.
    fn written(&self, length: usize) -> Option<Vec<u8>> {
        let (mut unit, mut zeros) = (Vec::with_capacity(length), 0);
        for byte in self.bits.chunks(8) {
            let value = byte.iter().fold(0, |value, bit| value << 1 | u8::from(*bit)) << (8 - byte.len());
            if zeros >= 2 && value <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if value == 0 { zeros + 1 } else { 0 };
            unit.push(value);
        }
        if unit.len() > length {
            return None;
        }
        unit.resize(length, 0);
        Some(unit)
    }
}
