//! A text becomes a rule: words first, then what binds to what, by the grammar of CEL.

use crate::{MOST_BYTES, MOST_DEPTH, MOST_PARTS};

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// More than a rule may have.
    #[error("it has more than {0}")]
    TooLarge(&'static str),
    /// Something that is not expected where it stands, or that rules do not have.
    #[error("{0} is not expected where it stands: rules have comparisons, arithmetic, logic and names of facts")]
    Unexpected(String),
    /// A name that no fact has.
    #[error("nothing is called {0:?}")]
    UnknownName(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    And,
    Or,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A part of a rule, with its own parts.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Name(String),
    /// Of some scores the one of a name.
    Of(Box<Part>, Box<Part>),
    Unary(Unary, Box<Part>),
    Binary(Binary, Box<Part>, Box<Part>),
    Choice(Box<(Part, Part, Part)>),
}

impl Part {
    /// The parts that it is made of.
    pub(crate) fn within(&self) -> Vec<&Self> {
        match self {
            Self::Int(_) | Self::Float(_) | Self::Bool(_) | Self::Text(_) | Self::Name(_) => Vec::new(),
            Self::Unary(_, part) => vec![part],
            Self::Of(one, other) | Self::Binary(_, one, other) => vec![one, other],
            Self::Choice(parts) => vec![&parts.0, &parts.1, &parts.2],
        }
    }

    /// Whether a fact besides this one stands in it.
    pub(crate) fn names_other_than(&self, name: &str) -> bool {
        match self {
            Self::Name(other) => other != name,
            _ => self.within().into_iter().any(|part| part.names_other_than(name)),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Int(i64),
    Float(f64),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Longer signs before those that they begin with.
const SIGNS: [&str; 21] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", "."];

/// Signs between two parts, by how tightly they bind, the loosest first.
const LEVELS: [&[(&str, Binary)]; 5] = [
    &[("||", Binary::Or)],
    &[("&&", Binary::And)],
    &[
        ("==", Binary::Equal),
        ("!=", Binary::Unequal),
        ("<=", Binary::AtMost),
        (">=", Binary::AtLeast),
        ("<", Binary::Less),
        (">", Binary::More),
    ],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
];

/// Reads a rule over facts of these names.
pub(crate) fn read(text: &str, names: &[&str]) -> Result<Part, BadRule> {
    if text.len() > MOST_BYTES {
        return Err(BadRule::TooLarge("2000 bytes"));
    }
    let words = words(text)?;
    if words.len() > MOST_PARTS {
        return Err(BadRule::TooLarge("300 parts"));
    }
    let mut reader = Reader { words: &words, names, depth: 0 };
    let part = reader.choice()?;
    match reader.words.first() {
        None => Ok(part),
        Some(word) => Err(unexpected(Some(word))),
    }
}

fn unexpected(word: Option<&Word>) -> BadRule {
    BadRule::Unexpected(match word {
        None => "the end".to_owned(),
        Some(Word::Int(int)) => int.to_string(),
        Some(Word::Float(float)) => float.to_string(),
        Some(Word::Text(text) | Word::Name(text)) => format!("{:?}", text.chars().take(60).collect::<String>()),
        Some(Word::Sign(sign)) => format!("{sign:?}"),
    })
}

fn words(text: &str) -> Result<Vec<Word>, BadRule> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, left) = if first.is_ascii_digit() {
            number(rest)?
        } else if first == '\'' || first == '"' {
            quoted(rest, first)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, left) = rest.split_at(end);
            (Word::Name(name.to_owned()), left)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| BadRule::Unexpected(format!("{first:?}")))?;
            (Word::Sign(sign), rest.strip_prefix(sign).unwrap_or_default())
        };
        words.push(word);
        rest = left.trim_start();
    }
    Ok(words)
}

fn number(text: &str) -> Result<(Word, &str), BadRule> {
    let fault = |text: &str| BadRule::Unexpected(format!("{:?}", text.chars().take(30).collect::<String>()));
    if let Some(hex) = text.strip_prefix("0x") {
        let (digits, left) = hex.split_at(hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len()));
        return i64::from_str_radix(digits, 16).map(|int| (Word::Int(int), left)).map_err(|_| fault(text));
    }
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let (mut end, after) = (whole, text.split_at(whole).1);
    if let Some(part) = after.strip_prefix('.').filter(|part| digits(part) > 0) {
        end += 1 + digits(part);
    }
    let power = text.split_at(end).1;
    if let Some(power) = power.strip_prefix(['e', 'E']) {
        let sign = usize::from(power.starts_with(['+', '-']));
        let length = digits(power.split_at(sign).1);
        end += if length > 0 { 1 + sign + length } else { 0 };
    }
    let (number, left) = text.split_at(end);
    let word = if end == whole { number.parse().map(Word::Int).ok() } else { number.parse().map(Word::Float).ok() };
    word.map(|word| (word, left)).ok_or_else(|| fault(text))
}

/// A text in quotes. Nothing in it stands for something else: names need no more.
fn quoted(text: &str, quote: char) -> Result<(Word, &str), BadRule> {
    let open = || BadRule::Unexpected("a text that does not end, or has a backslash or a line's end in it,".to_owned());
    let inner = text.strip_prefix(quote).unwrap_or_default();
    let (word, left) = inner.split_once(quote).ok_or_else(open)?;
    if word.contains(['\\', '\n', '\r']) {
        return Err(open());
    }
    Ok((Word::Text(word.to_owned()), left))
}

struct Reader<'a> {
    words: &'a [Word],
    names: &'a [&'a str],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a Word> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// Passes over this sign, if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        let comes = matches!(self.words.first(), Some(Word::Sign(next)) if *next == sign);
        if comes {
            self.next();
        }
        comes
    }

    fn expects(&mut self, sign: &str) -> Result<(), BadRule> {
        if self.takes(sign) { Ok(()) } else { Err(unexpected(self.words.first())) }
    }

    /// One step deeper, and out again.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, BadRule>) -> Result<T, BadRule> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(BadRule::TooLarge("32 parts within each other"));
        }
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn choice(&mut self) -> Result<Part, BadRule> {
        let test = self.between(0)?;
        if !self.takes("?") {
            return Ok(test);
        }
        let then = self.within(|reader| reader.between(0))?;
        self.expects(":")?;
        let other = self.within(Self::choice)?;
        Ok(Part::Choice(Box::new((test, then, other))))
    }

    /// Parts with signs of this level between them, from the left.
    fn between(&mut self, level: usize) -> Result<Part, BadRule> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.between(level + 1)?;
        let mut long = 0;
        while let Some((_, sign)) = signs.iter().find(|(sign, _)| self.takes(sign)) {
            long += 1;
            if self.depth + long > MOST_DEPTH * 4 {
                return Err(BadRule::TooLarge("128 parts beside each other"));
            }
            let right = self.between(level + 1)?;
            left = Part::Binary(*sign, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Part, BadRule> {
        for (sign, unary) in [("!", Unary::Not), ("-", Unary::Minus)] {
            if self.takes(sign) {
                return Ok(Part::Unary(unary, Box::new(self.within(Self::unary)?)));
            }
        }
        let mut part = self.primary()?;
        loop {
            let name = if self.takes(".") {
                match self.next() {
                    Some(Word::Name(name)) => Part::Text(name.clone()),
                    other => return Err(unexpected(other)),
                }
            } else if self.takes("[") {
                let name = match self.next() {
                    Some(Word::Text(name)) => Part::Text(name.clone()),
                    other => return Err(unexpected(other)),
                };
                self.expects("]")?;
                name
            } else {
                return Ok(part);
            };
            if !matches!(part, Part::Name(_)) {
                return Err(BadRule::Unexpected("a name of a name".to_owned()));
            }
            part = Part::Of(Box::new(part), Box::new(name));
        }
    }

    fn primary(&mut self) -> Result<Part, BadRule> {
        match self.next() {
            Some(Word::Int(int)) => Ok(Part::Int(*int)),
            Some(Word::Float(float)) => Ok(Part::Float(*float)),
            Some(Word::Text(text)) => Ok(Part::Text(text.clone())),
            Some(Word::Name(name)) if name == "true" || name == "false" => Ok(Part::Bool(name == "true")),
            Some(Word::Name(name)) if self.names.contains(&name.as_str()) => Ok(Part::Name(name.clone())),
            Some(Word::Name(name)) => Err(BadRule::UnknownName(name.chars().take(60).collect())),
            Some(Word::Sign("(")) => {
                let part = self.within(Self::choice)?;
                self.expects(")")?;
                Ok(part)
            }
            other => Err(unexpected(other)),
        }
    }
}
