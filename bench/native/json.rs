//! A module that transforms JSON: parses a list of orders, adds a total to each and writes it again, as often as QUERY_STRING says.
//! The same program runs natively.
use std::fmt::Write;

const ORDERS: usize = 500;

enum Json {
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

fn main() {
    let rounds: usize = std::env::var("QUERY_STRING").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let document = document();
    let length: usize = (0..rounds).map(|_| transform(&document).len()).sum();
    println!("Content-Type: text/plain\n\n{length}");
}

fn document() -> String {
    let orders: Vec<String> = (0..ORDERS)
        .map(|i| format!("{{ \"id\": {i}, \"customer\": \"Customer \\\"{i}\\\"\", \"amounts\": [ {i}.5, 2, 30.25 ] }}"))
        .collect();
    format!("[ {} ]", orders.join(", "))
}

fn transform(text: &str) -> String {
    let mut document = Parser { text: text.as_bytes(), at: 0 }.value();
    if let Json::List(orders) = &mut document {
        for order in orders {
            if let Json::Object(members) = order {
                let total = members.iter().map(|(_, value)| sum(value)).sum();
                members.push(("total".into(), Json::Number(total)));
                members.sort_by(|left, right| left.0.cmp(&right.0));
            }
        }
    }
    let mut out = String::new();
    write(&document, &mut out);
    out
}

fn sum(value: &Json) -> f64 {
    match value {
        Json::List(items) => items.iter().map(|item| if let Json::Number(number) = item { *number } else { 0.0 }).sum(),
        _ => 0.0,
    }
}

/// Of the JSON that `document` makes.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Json {
        match self.peek() {
            b'{' => Json::Object(self.items(b'}', |parser| {
                let name = parser.string();
                parser.expect(b':');
                (name, parser.value())
            })),
            b'[' => Json::List(self.items(b']', Parser::value)),
            b'"' => Json::Text(self.string()),
            _ => Json::Number(self.number()),
        }
    }

    fn items<T>(&mut self, end: u8, item: fn(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek() != end {
            items.push(item(self));
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        items
    }

    fn string(&mut self) -> String {
        self.expect(b'"');
        let mut bytes = Vec::new();
        while self.text[self.at] != b'"' {
            if self.text[self.at] == b'\\' {
                self.at += 1;
            }
            bytes.push(self.text[self.at]);
            self.at += 1;
        }
        self.at += 1;
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn number(&mut self) -> f64 {
        let start = self.at;
        while matches!(self.text[self.at], b'0'..=b'9' | b'.' | b'-') {
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at]).ok().and_then(|text| text.parse().ok()).expect("a number")
    }

    fn expect(&mut self, byte: u8) {
        assert_eq!(self.peek(), byte);
        self.at += 1;
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> u8 {
        while self.text[self.at] == b' ' {
            self.at += 1;
        }
        self.text[self.at]
    }
}

fn write(value: &Json, out: &mut String) {
    match value {
        Json::Number(number) => write!(out, "{number}").expect("memory"),
        Json::Text(text) => write_string(text, out),
        Json::List(items) => write_items('[', items, ']', out, write),
        Json::Object(members) => write_items('{', members, '}', out, |(name, value), out| {
            write_string(name, out);
            out.push(':');
            write(value, out);
        }),
    }
}

fn write_items<T>(start: char, items: &[T], end: char, out: &mut String, write_item: fn(&T, &mut String)) {
    out.push(start);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_item(item, out);
    }
    out.push(end);
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}
