//! How a noun becomes an element and is read back. A noun names its parts; their order is the grammar's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::sample::Random;
use super::super::xml::Node;

/// One word or number: what an attribute or an element without children holds.
pub(crate) trait Word: Sized {
    fn text(&self) -> String;
    fn from_text(text: &str) -> Option<Self>;
    fn sample(random: &mut Random, name: &str) -> Self;
}

/// What stands in an element.
pub(crate) trait Value: Sized {
    fn write(&self, node: &mut Node);
    fn read(node: &Node) -> Option<Self>;
    fn sample(random: &mut Random, name: &str) -> Self;
}

/// A part of a noun: one element, at most one, any number, a set of flags, or a choice.
pub(crate) trait Field: Sized {
    fn put(&self, parent: &mut Node, name: &str);
    fn get(parent: &Node, name: &str) -> Option<Self>;
    fn sample(random: &mut Random, name: &str) -> Self;
}

/// An attribute of a noun, or two that go together.
pub(crate) trait Attribute: Sized {
    fn put(&self, node: &mut Node, name: &str);
    fn get(node: &Node, name: &str) -> Option<Self>;
    fn sample(random: &mut Random, name: &str) -> Self;
}

/// A word of a set whose members are elements without content: true by being there.
pub(crate) trait Flag: Sized + Ord + Copy {
    fn name(self) -> &'static str;
    fn all() -> Vec<Self>;
}

impl<T: Word> Value for T {
    fn write(&self, node: &mut Node) {
        node.text = self.text();
    }

    fn read(node: &Node) -> Option<Self> {
        T::from_text(&node.text)
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        <T as Word>::sample(random, name)
    }
}

fn named<T: Value>(value: &T, name: &str) -> Node {
    let mut node = Node::named(name);
    value.write(&mut node);
    node
}

impl<T: Value> Field for T {
    fn put(&self, parent: &mut Node, name: &str) {
        parent.children.push(named(self, name));
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        T::read(parent.child(name)?)
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        <T as Value>::sample(random, name)
    }
}

impl<T: Value> Field for Option<T> {
    fn put(&self, parent: &mut Node, name: &str) {
        parent.children.extend(self.iter().map(|value| named(value, name)));
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        match parent.child(name) {
            Some(node) => T::read(node).map(Some),
            None => Some(None),
        }
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        (random.knows(name) && random.maybe()).then(|| <T as Value>::sample(random, name))
    }
}

impl<T: Value> Field for Vec<T> {
    fn put(&self, parent: &mut Node, name: &str) {
        parent.children.extend(self.iter().map(|value| named(value, name)));
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        parent.all(name).map(T::read).collect()
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        (0..random.few()).map(|_| <T as Value>::sample(random, name)).collect()
    }
}

impl<T: Flag> Field for BTreeSet<T> {
    fn put(&self, parent: &mut Node, name: &str) {
        if !self.is_empty() {
            let mut node = Node::named(name);
            node.children = self.iter().map(|flag| Node::named(flag.name())).collect();
            parent.children.push(node);
        }
    }

    fn get(parent: &Node, name: &str) -> Option<Self> {
        let flags = parent.child(name).into_iter().flat_map(|node| &node.children);
        flags.map(|flag| T::all().into_iter().find(|known| known.name() == flag.name)).collect()
    }

    fn sample(random: &mut Random, _: &str) -> Self {
        T::all().into_iter().filter(|flag| random.knows(flag.name()) && random.maybe()).collect()
    }
}

impl<T: Word> Attribute for T {
    fn put(&self, node: &mut Node, name: &str) {
        node.attributes.push((name.to_owned(), self.text()));
    }

    fn get(node: &Node, name: &str) -> Option<Self> {
        T::from_text(node.attribute(name)?)
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        <T as Word>::sample(random, name)
    }
}

impl<T: Word> Attribute for Option<T> {
    fn put(&self, node: &mut Node, name: &str) {
        if let Some(word) = self {
            Attribute::put(word, node, name);
        }
    }

    fn get(node: &Node, name: &str) -> Option<Self> {
        match node.attribute(name) {
            Some(text) => T::from_text(text).map(Some),
            None => Some(None),
        }
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        random.maybe().then(|| <T as Word>::sample(random, name))
    }
}

impl Word for String {
    fn text(&self) -> String {
        self.clone()
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn sample(random: &mut Random, name: &str) -> Self {
        random.text(name)
    }
}

macro_rules! plain {
    ($($type:ty, $random:ident => $sample:expr;)*) => {$(
        impl Word for $type {
            fn text(&self) -> String {
                self.to_string()
            }

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn sample($random: &mut Random, _: &str) -> Self {
                $sample
            }
        }
    )*};
}

plain! {
    bool, random => random.maybe();
    u8, random => random.age();
    u16, random => random.port();
    i64, random => random.report();
    IpAddr, random => random.address();
    Timestamp, random => random.past();
    Date, random => random.birth();
}

/// A closed list of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The destination's exact words.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl $crate::ncmec::document::element::Word for $name {
            fn text(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_text(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|word| word.as_str() == text)
            }

            fn sample(random: &mut $crate::ncmec::sample::Random, _: &str) -> Self {
                random.of(&Self::ALL)
            }
        }
    };
}

/// A set of flags is made of these words.
macro_rules! flags {
    ($name:ident) => {
        impl $crate::ncmec::document::element::Flag for $name {
            fn name(self) -> &'static str {
                self.as_str()
            }

            fn all() -> Vec<Self> {
                Self::ALL.to_vec()
            }
        }
    };
}

/// A noun: what it is called here, and what each part is called there. `(…)` are attributes, `[…]` is its text.
macro_rules! element {
    (
        $(#[$doc:meta])*
        $name:ident
        $(($($(#[$attribute_doc:meta])* $attribute:ident: $attribute_type:ty = $attribute_name:literal,)*))?
        $([$(#[$text_doc:meta])* $text:ident: $text_type:ty])?
        { $($(#[$field_doc:meta])* $field:ident: $type:ty = $element:literal,)* }
    ) => {
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $(#[$doc])*
        pub struct $name {
            $($($(#[$attribute_doc])* pub $attribute: $attribute_type,)*)?
            $($(#[$text_doc])* pub $text: $text_type,)?
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::ncmec::document::element::Value for $name {
            fn write(&self, node: &mut $crate::ncmec::xml::Node) {
                $($($crate::ncmec::document::element::Attribute::put(&self.$attribute, node, $attribute_name);)*)?
                $(node.text = $crate::ncmec::document::element::Word::text(&self.$text);)?
                $($crate::ncmec::document::element::Field::put(&self.$field, node, $element);)*
            }

            fn read(node: &$crate::ncmec::xml::Node) -> Option<Self> {
                Some(Self {
                    $($($attribute: $crate::ncmec::document::element::Attribute::get(node, $attribute_name)?,)*)?
                    $($text: $crate::ncmec::document::element::Word::from_text(&node.text)?,)?
                    $($field: $crate::ncmec::document::element::Field::get(node, $element)?,)*
                })
            }

            fn sample(random: &mut $crate::ncmec::sample::Random, _name: &str) -> Self {
                Self {
                    $($($attribute: $crate::ncmec::document::element::Attribute::sample(random, $attribute_name),)*)?
                    $($text: $crate::ncmec::document::element::Word::sample(random, _name),)?
                    $($field: $crate::ncmec::document::element::Field::sample(random, $element),)*
                }
            }
        }
    };
}

pub(super) use {element, flags, words};
