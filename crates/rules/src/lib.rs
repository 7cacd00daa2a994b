//! A rule that an operator writes: one expression over named facts, in CEL, that holds or does not.
//!
//! It is the part of CEL without loops, calls, lists and maps (<https://github.com/cel-expr/cel-spec>): every rule means in CEL what it means
//! here. What is left costs no more than its parts, so that a rule which was read cannot be slow. The libraries for all of CEL bring a
//! generated parser and many crates, for a language of which this would then have to be cut out again.

mod read;

use std::collections::BTreeMap;

pub use read::BadRule;
use read::{Binary, Part, Unary};

/// A rule has at most so many bytes.
pub const MOST_BYTES: usize = 2_000;
/// It has at most so many parts: names, values and operators.
pub const MOST_PARTS: usize = 300;
/// So deep may one part lie in others.
pub const MOST_DEPTH: usize = 32;

/// What a rule is decided by.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A count, or a number of seconds.
    Number(i64),
    /// Yes or no.
    Yes(bool),
    /// A number for each of some names, for instance the highest score of each classifier.
    Scores(BTreeMap<String, f64>),
}

/// Why a rule could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// It is neither yes nor no.
    #[error("it gives neither true nor false")]
    NoAnswer,
    /// A name that a set of scores does not have.
    #[error("nothing is known of {0:?}")]
    Missing(String),
    /// Values that do not go together.
    #[error("it puts together what does not go together")]
    Kinds,
    /// A number that is too large, or a division by zero.
    #[error("its arithmetic leads nowhere")]
    Arithmetic,
}

/// A rule that was read.
#[derive(Clone, Debug)]
pub struct Rule {
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value<'a> {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Scores(&'a BTreeMap<String, f64>),
}

type Decided<T> = Result<T, Undecided>;

impl Rule {
    /// Reads a rule over facts of these names.
    pub fn read(text: &str, names: &[&str]) -> Result<Self, BadRule> {
        read::read(text, names).map(|part| Self { part })
    }

    /// Whether it holds. Scores that nothing is known of make it not hold, where they would decide it.
    pub fn holds(&self, facts: &BTreeMap<&str, Fact>) -> Decided<bool> {
        match value(&self.part, facts) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(Undecided::NoAnswer),
            Err(Undecided::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the answer may hang on the fact of this name being the one number or the other, whatever the other facts are. Where it
    /// says no that is certain; it says yes as well where the fact is reckoned together with others.
    pub fn tells_apart(&self, name: &str, one: i64, other: i64) -> bool {
        let facts = |number| BTreeMap::from([(name, Fact::Number(number))]);
        tells_apart(&self.part, name, &facts(one), &facts(other))
    }
}

/// A part without other facts is reckoned with both; one with others says the same in both cases if all of its parts do.
fn tells_apart(part: &Part, name: &str, one: &BTreeMap<&str, Fact>, other: &BTreeMap<&str, Fact>) -> bool {
    if !part.names_other_than(name) {
        return value(part, one) != value(part, other);
    }
    part.within().into_iter().any(|part| tells_apart(part, name, one, other))
}

fn value<'a>(part: &'a Part, facts: &'a BTreeMap<&str, Fact>) -> Decided<Value<'a>> {
    Ok(match part {
        Part::Int(int) => Value::Int(*int),
        Part::Float(float) => Value::Float(*float),
        Part::Bool(yes) => Value::Bool(*yes),
        Part::Text(text) => Value::Text(text),
        Part::Name(name) => match facts.get(name.as_str()) {
            Some(Fact::Number(number)) => Value::Int(*number),
            Some(Fact::Yes(yes)) => Value::Bool(*yes),
            Some(Fact::Scores(scores)) => Value::Scores(scores),
            None => return Err(Undecided::Missing(name.clone())),
        },
        Part::Of(from, name) => match (value(from, facts)?, value(name, facts)?) {
            (Value::Scores(scores), Value::Text(name)) => {
                Value::Float(*scores.get(name).ok_or_else(|| Undecided::Missing(name.to_owned()))?)
            }
            _ => return Err(Undecided::Kinds),
        },
        Part::Unary(Unary::Not, part) => Value::Bool(!yes(part, facts)?),
        Part::Unary(Unary::Minus, part) => match value(part, facts)? {
            Value::Int(int) => Value::Int(int.checked_neg().ok_or(Undecided::Arithmetic)?),
            Value::Float(float) => Value::Float(-float),
            _ => return Err(Undecided::Kinds),
        },
        Part::Binary(Binary::And, left, right) => Value::Bool(both(left, right, facts, false)?),
        Part::Binary(Binary::Or, left, right) => Value::Bool(both(left, right, facts, true)?),
        Part::Binary(sign, left, right) => pair(*sign, value(left, facts)?, value(right, facts)?)?,
        Part::Choice(parts) => {
            let (test, then, other) = &**parts;
            value(if yes(test, facts)? { then } else { other }, facts)?
        }
    })
}

fn yes(part: &Part, facts: &BTreeMap<&str, Fact>) -> Decided<bool> {
    if let Value::Bool(yes) = value(part, facts)? { Ok(yes) } else { Err(Undecided::Kinds) }
}

/// `&&` and `||`, as CEL has them: the side that decides makes up for a fault of the other, whichever stands first.
fn both(left: &Part, right: &Part, facts: &BTreeMap<&str, Fact>, decides: bool) -> Decided<bool> {
    match (yes(left, facts), yes(right, facts)) {
        (Ok(one), _) | (_, Ok(one)) if one == decides => Ok(decides),
        (Ok(_), Ok(_)) => Ok(!decides),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn pair<'a>(sign: Binary, left: Value<'a>, right: Value<'a>) -> Decided<Value<'a>> {
    use std::cmp::Ordering as O;
    let order = || match (left, right) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(&other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(&other),
        // As near as a count and a score can be compared: both are small.
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        (Value::Int(one), Value::Float(other)) => (one as f64).partial_cmp(&other),
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        (Value::Float(one), Value::Int(other)) => one.partial_cmp(&(other as f64)),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(&other)),
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        _ => None,
    };
    let ordered = |fits: fn(O) -> bool| order().map(|order| Value::Bool(fits(order))).ok_or(Undecided::Kinds);
    let reckoned = |ints: fn(i64, i64) -> Option<i64>, floats: fn(f64, f64) -> f64| match (left, right) {
        (Value::Int(one), Value::Int(other)) => ints(one, other).map(Value::Int).ok_or(Undecided::Arithmetic),
        (Value::Float(one), Value::Float(other)) => Ok(Value::Float(floats(one, other))),
        _ => Err(Undecided::Kinds),
    };
    match sign {
        Binary::Equal => ordered(|order| order == O::Equal),
        Binary::Unequal => ordered(|order| order != O::Equal),
        Binary::Less => ordered(|order| order == O::Less),
        Binary::AtMost => ordered(|order| order != O::Greater),
        Binary::More => ordered(|order| order == O::Greater),
        Binary::AtLeast => ordered(|order| order != O::Less),
        Binary::Add => reckoned(i64::checked_add, |one, other| one + other),
        Binary::Subtract => reckoned(i64::checked_sub, |one, other| one - other),
        Binary::Multiply => reckoned(i64::checked_mul, |one, other| one * other),
        Binary::Divide => reckoned(i64::checked_div, |one, other| one / other),
        Binary::Remainder => match (left, right) {
            (Value::Int(one), Value::Int(other)) => one.checked_rem(other).map(Value::Int).ok_or(Undecided::Arithmetic),
            _ => Err(Undecided::Kinds),
        },
        Binary::And | Binary::Or => Err(Undecided::Kinds),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["hits", "payments", "known", "scores"];

    fn facts(hits: i64, payments: i64, known: bool) -> BTreeMap<&'static str, Fact> {
        BTreeMap::from([
            ("hits", Fact::Number(hits)),
            ("payments", Fact::Number(payments)),
            ("known", Fact::Yes(known)),
            ("scores", Fact::Scores([("minor".to_owned(), 0.9)].into())),
        ])
    }

    fn holds(text: &str) -> Decided<bool> {
        Rule::read(text, &NAMES).unwrap_or_else(|bad| panic!("{text}: {bad}")).holds(&facts(3, 2, true))
    }

    /// Each means in CEL what it means here: order and sides of the signs, what is looked at first, what a fault spoils.
    #[test]
    fn a_rule_holds_by_its_facts() {
        for (text, wanted) in [
            ("hits >= 3 && known", true),
            ("hits >= 4 || payments > 5", false),
            ("scores.minor > 0.8", true),
            ("scores['minor'] > 1", false),
            (r#"scores["other"] >= 0.0"#, false),
            ("scores.other > 0.5 || known", true),
            ("known || scores.other > 0.5", true),
            ("scores.other > 0.5 && hits > 9", false),
            ("hits / 0 > 1 || known", true),
            ("hits * 2 + payments == 8 ? known : false", true),
            ("hits + payments * 2 == 7", true),
            ("(hits + payments) * 2 == 10", true),
            ("hits - payments - 1 == 0", true),
            ("7 % 4 == hits", true),
            ("!(hits < 3) && -hits < 0", true),
            ("!!known", true),
            ("false || true && false", false),
            ("known ? false : true ? true : false", false),
            ("0x10 == 16", true),
            ("1.5e1 == 15.0", true),
            ("'a' < \"b\"", true),
            ("known == true", true),
        ] {
            assert_eq!(holds(text), Ok(wanted), "{text}");
        }
        assert_eq!(holds("hits + 1"), Err(Undecided::NoAnswer));
        assert_eq!(holds("hits / 0 > 1"), Err(Undecided::Arithmetic));
        assert_eq!(holds("9223372036854775807 + hits > 1"), Err(Undecided::Arithmetic));
        assert_eq!(holds("hits && known"), Err(Undecided::Kinds));
        assert_eq!(holds("hits + 1.0 > 2.0"), Err(Undecided::Kinds));
        assert_eq!(holds("scores > 1"), Err(Undecided::Kinds));
    }

    #[test]
    fn a_rule_says_whether_one_number_of_a_fact_may_decide_it() {
        for (text, decides) in [
            ("hits >= 1", true),
            ("hits > 0 && known", true),
            ("hits != 0 || payments > 3", true),
            ("hits + payments > 3", true),
            ("known ? hits == 1 : false", true),
            ("hits >= 2 && known", false),
            ("hits > 1 || payments > 3", false),
            ("known ? hits >= 3 : payments > 1", false),
            ("payments > 3 && known", false),
            ("hits * 2 > 2 && known", false),
            ("6 / hits > 1", true),
        ] {
            let rule = Rule::read(text, &NAMES).unwrap();
            assert_eq!(rule.tells_apart("hits", 0, 1), decides, "{text}");
        }
    }

    #[test]
    fn loops_calls_lists_and_unknown_names_are_refused() {
        for text in [
            "[1, 2].all(x, x > 0)",
            "scores.exists(b, scores[b] > 1)",
            "size(scores) > 1",
            "'a'.matches('(a+)+$')",
            "has(scores.minor)",
            "{'a': 1}['a'] == hits",
            "colour > 1",
            "hits >",
            "hits > 1 known",
            "hits = 3",
            "hits & 3",
            "",
            "b'x' == b'x'",
            "99999999999999999999 > hits",
            "'open",
            "(hits > 1",
            "hits in scores",
        ] {
            assert!(Rule::read(text, &NAMES).is_err(), "{text}");
        }
        let deep = format!("{}hits > 1{}", "(".repeat(100), ")".repeat(100));
        let chosen = "known ? true : ".repeat(60) + "false";
        for text in
            [deep, format!("{}known", "!".repeat(500)), chosen, "hits + ".repeat(200) + "1 > 0", "x".repeat(2_001)]
        {
            assert_eq!(
                std::mem::discriminant(&Rule::read(&text, &NAMES).unwrap_err()),
                std::mem::discriminant(&BadRule::TooLarge(""))
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,120}") {
            if let Ok(rule) = Rule::read(&text, &NAMES) {
                drop(rule.holds(&facts(1, 1, true)));
            }
        }

        /// What looks most like a rule is read and decided without harm, and the same each time.
        #[test]
        fn any_rule_is_decided_the_same_each_time(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("hits"), Just("known"), Just("scores.minor"), Just("("), Just(")"), Just("&&"), Just("||"), Just("!"), Just("-"),
                    Just(">="), Just("=="), Just("/"), Just("%"), Just("0"), Just("7"), Just("'x'"), Just("["), Just("]"), Just("?"), Just(":"),
                ], 1..40),
            hits in any::<i64>(),
        ) {
            if let Ok(rule) = Rule::read(&parts.join(" "), &NAMES) {
                let facts = facts(hits, 1, hits > 0);
                prop_assert_eq!(rule.holds(&facts), rule.holds(&facts));
            }
        }

        /// What is said not to hang on one number does not.
        #[test]
        fn what_one_number_does_not_decide_is_the_same_without_it(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("hits"), Just("hits"), Just("payments"), Just("known"), Just("("), Just(")"), Just("&&"), Just("||"), Just("!"),
                    Just(">="), Just(">"), Just("+"), Just("*"), Just("0"), Just("1"), Just("2"), Just("?"), Just(":"),
                ], 1..12),
            payments in -3_i64..3,
            known: bool,
        ) {
            if let Ok(rule) = Rule::read(&parts.join(" "), &NAMES) && !rule.tells_apart("hits", 0, 1) {
                prop_assert_eq!(rule.holds(&facts(0, payments, known)), rule.holds(&facts(1, payments, known)));
            }
        }

        /// Signs bind as those of CEL do, which are those of Rust.
        #[test]
        fn arithmetic_and_comparison_are_those_of_the_language(a in -99_i64..99, b in -99_i64..99, c in 1_i64..99) {
            let facts = facts(a, b, true);
            let holds = |text: &str| Rule::read(text, &NAMES).unwrap().holds(&facts);
            prop_assert_eq!(holds(&format!("hits + payments * {c} >= hits - {c} % 7")), Ok(a + b * c >= a - c % 7));
            prop_assert_eq!(holds(&format!("hits / {c} < payments || hits == payments && !known")), Ok(a / c < b));
            prop_assert_eq!(holds(&format!("-hits <= {c} ? payments != {c} : payments > 0")), Ok(if -a <= c { b != c } else { b > 0 }));
        }
    }
}
